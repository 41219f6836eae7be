// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/wire.h"
#include "base/json.h"
#include "guest/agent.h"
#include "support/fake_event_loop.h"

namespace gridlock {

/// A node that says whatever the test feeds it.
class FedChannel final : public LineChannel {
 public:
  explicit FedChannel(std::function<void(std::string_view)>& feed) : feed_(feed) {}
  void on_bytes(std::function<void(std::string_view)> handler) override {
    feed_ = std::move(handler);
  }
  void on_lost(std::function<void(const std::string&)>) override {}
  void send(std::string_view) override {}

 private:
  std::function<void(std::string_view)>& feed_;
};

/// What the host hears of barriers is a proper name and the same however the bytes are cut; after
/// any garbage the next one is heard. Returns a line for each.
inline std::vector<std::string> barriers_heard(std::string_view bytes, std::size_t piece) {
  FakeEventLoop loop;
  std::function<void(std::string_view)> feed;
  const auto agent = make_agent(std::make_unique<FedChannel>(feed), loop);
  std::vector<std::string> heard;
  agent->on_barrier([&](const BarrierEvent& event) {
    if (!wire::is_barrier_name(event.barrier)) std::abort();
    heard.push_back(event.barrier + (event.gone ? " - " : " + ") + std::to_string(event.waiter));
  });
  for (std::size_t at = 0; at < bytes.size(); at += piece) feed(bytes.substr(at, piece));
  feed("\n{\"event\":\"barrier\",\"barrier\":\"last\",\"waiter\":9}\n");
  if (heard.empty() || heard.back() != "last + 9") std::abort();
  return heard;
}

/// What must hold for any bytes on the agent's port; aborts where it does not. Shared by the fuzz
/// target and the test that replays its seeds.
inline void check_agent_protocol(std::string_view bytes) {
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  constexpr std::size_t kLimit = 4096;
  const auto lines_of = [&](std::size_t piece, std::uint64_t& too_long) {
    wire::LineSplitter splitter(kLimit);
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      splitter.add(bytes.substr(at, piece), keep);
      require(splitter.held() <= kLimit);
    }
    // After any garbage the next whole line is understood.
    splitter.add("\n{\"id\":7,\"request\":\"ping\"}\n", keep);
    too_long = splitter.too_long();
    return lines;
  };
  std::uint64_t whole_long = 0;
  const auto whole = lines_of(bytes.size() + 1, whole_long);
  require(!whole.empty());
  const auto last = parse_json(whole.back());
  require(last && integer_or(*last, "id", 0) == 7);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    std::uint64_t too_long = 0;
    require(lines_of(piece, too_long) == whole);
    require(too_long == whole_long);
  }
  const auto heard = barriers_heard(bytes, bytes.size() + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}})
    require(barriers_heard(bytes, piece) == heard);
  for (const std::string& line : whole) {
    require(!line.empty() && line.size() <= kLimit && line.find('\n') == std::string::npos);
    if (const auto decoded = wire::from_base64(line))
      require(wire::from_base64(wire::to_base64(*decoded)) == decoded);
    // Ends with a value or nothing, whatever the nesting.
    if (const auto json = parse_json(line)) require(!json->is_discarded());
  }
}

}  // namespace gridlock
