// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

namespace gridlock {

/// A libvirt call failed. `code` is a virErrorNumber; texts are for people only.
class VirtError : public Error {
 public:
  VirtError(const std::string& what, int code, std::string hint = {})
      : Error(what, std::move(hint)), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace gridlock
