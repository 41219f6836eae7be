// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/wire.h"
#include "base/json.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/temp_dir.h"
#include "trial/desk.h"

namespace gridlock {

/// Clients at the desk of a lab of two nodes that are scripts: what they ask are the lines of
/// `bytes`, one every tenth of a second from the lab's start on, and the client is the line's number
/// modulo 3. A line that is no JSON object is the client's going away.
class FedDesk {
 public:
  explicit FedDesk(std::string_view bytes) {
    wire::LineSplitter splitter(kLongest);
    splitter.add(bytes, [&](std::string_view line) { lines_.emplace_back(line); });
    if (lines_.size() > kMost) lines_.resize(kMost);
  }

  /// Aborts where something does not hold.
  void run() {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_.path());
    lab_.script(1);
    lab_.script(2).old_agent = lines_.size() % 2 == 1;
    const NodeSource source{directory_.path() / "bzImage", {}};
    Lab lab(setting, source, {directory_.path() / "1.log", directory_.path() / "2.log"});
    DeskSetting at{loop_, lab_, "run1", directory_.path() / "gdb"};
    at.vmlinux["patched"] = "/cache/vmlinux";
    at.hold.lease = kLease;
    at.say = [this](Desk::Client client, const Json& line) { said(client, line); };
    Desk desk(at);
    for (std::size_t i = 0; i < lines_.size(); ++i)
      loop_.after(Milliseconds{100 * static_cast<int>(i + 1)}, [this, &desk, i] { feed(desk, i); });
    lab.start(Milliseconds{60'000}, {});
    lab.identify(Milliseconds{60'000}, {});
    desk.show({lab, plan_, 1, "patched", directory_.path() / "evidence",
               [](const std::string&, const std::filesystem::path&, std::string_view) {},
               [] { return std::set<NodeId>{}; }, [] { return diagnosis::KnownFiles{}; },
               [&](std::stop_token stop) { lab.resume(Milliseconds{10'000}, stop); }});
    const SteadyTime begin = loop_.now();
    desk.hold("a trial failed", {});
    // It ends with its lease or before, whatever is asked; evidence that is being taken then is
    // taken to its end.
    require(loop_.now() - begin <= kLease + std::chrono::minutes(2));
    desk.hide();
    loop_.run_until([] { return false; }, Milliseconds{60'000}, {});
    for (const auto& [client, open] : open_) require(open == 0 || gone_.contains(client));
    lab.stop_machines(Milliseconds{10'000});
  }

 private:
  static constexpr std::size_t kLongest = 4096;
  static constexpr std::size_t kMost = 60;
  static constexpr Milliseconds kLease{60'000};

  static void require(bool condition) {
    if (!condition) std::abort();
  }

  void feed(Desk& desk, std::size_t index) {
    const Desk::Client client = index % 3 + 1;
    const auto request = parse_json(lines_[index]);
    if (!request || !request->is_object() || text_or(*request, "request", "").empty()) {
      gone_.insert(client);
      desk.gone(client);
      return;
    }
    const std::string kind = text_or(*request, "request", "");
    // What goes to a program is answered only if it cannot.
    if (kind != "input" && kind != "end_of_input" && kind != "resize") ++open_[client];
    desk.heard(client, *request);
  }

  void said(Desk::Client client, const Json& line) {
    require(line.is_object() && line.contains("ok") != line.contains("event"));
    // What can be written can be read.
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
    require(text.find('\n') == std::string::npos && parse_json(text).has_value());
    if (line.contains("ok") && open_[client] > 0) --open_[client];
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  TempDir directory_;
  std::vector<std::string> lines_;
  std::map<Desk::Client, int> open_;  ///< requests that are owed an answer
  std::set<Desk::Client> gone_;       ///< went away at least once: what they asked may be dropped
};

/// What must hold for any lines at a run's control socket; aborts where it does not. Shared by the
/// fuzz target and the test that replays its seeds.
inline void check_desk(std::string_view bytes) { FedDesk(bytes).run(); }

}  // namespace gridlock
