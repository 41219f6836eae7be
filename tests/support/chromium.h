// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace gridlock {

/// Where Chromium is on this machine; absent: it is not installed.
std::optional<std::filesystem::path> find_chromium();

/// A headless Chromium with one page of 1280 by 800, spoken to over a pipe in its DevTools protocol
/// (chromedevtools.github.io/devtools-protocol). Every function throws std::runtime_error, with
/// what Chromium said, if it does not answer within a minute. Ended, with all its children, by the
/// destructor.
class Chromium {
 public:
  explicit Chromium(const std::filesystem::path& program);
  ~Chromium();
  Chromium(const Chromium&) = delete;
  Chromium& operator=(const Chromium&) = delete;

  enum class Scripts { on, off };
  /// Loads file://`file`#`anchor` until its load event. With scripts off the page's own do not run;
  /// `evaluate` still does.
  void open(const std::filesystem::path& file, Scripts scripts = Scripts::on,
            const std::string& anchor = {});
  /// The value of a JavaScript expression, promises awaited.
  Json evaluate(const std::string& expression);
  /// Emulates a medium ("screen", "print") and a colour scheme ("light", "dark").
  void emulate(const std::string& medium, const std::string& scheme);
  /// A PNG of what is seen, or of all of the page.
  enum class Extent { window, page };
  std::string screenshot(Extent extent);
  std::string pdf();
  /// What went wrong in pages so far: uncaught exceptions, console errors, refused loads. Each a
  /// line.
  const std::vector<std::string>& problems() const { return problems_; }
  /// Addresses that pages asked for beside themselves.
  const std::vector<std::string>& requests() const { return requests_; }

  /// Sends a command and waits for its answer.
  Json command(const std::string& method, Json parameters = Json::object());

 private:
  Json next_message(std::chrono::steady_clock::time_point deadline);
  void note(const Json& message);

  std::filesystem::path profile_;
  int to_ = -1;
  int from_ = -1;
  int child_ = -1;
  std::string buffer_;
  std::string session_;
  int last_id_ = 0;
  bool loaded_ = false;
  std::string opened_;
  std::vector<std::string> problems_;
  std::vector<std::string> requests_;
};

}  // namespace gridlock
