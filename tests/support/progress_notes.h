// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "host/progress.h"

namespace gridlock {

/// Keeps what a progress was told.
class ProgressNotes final : public Progress {
 public:
  void begin(const std::string&) override {}
  void advance(const std::string&, int, int, const std::string&) override {}
  void end(const std::string& what, const std::string& outcome) override {
    ends.push_back(what + ": " + outcome);
  }
  void note(const std::string& text) override { notes.push_back(text); }

  std::vector<std::string> ends;
  std::vector<std::string> notes;
};

}  // namespace gridlock
