// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/shared_hypervisor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/error.h"
#include "support/blind_hypervisor.h"
#include "support/poll_event_loop.h"

namespace gridlock {
namespace {

constexpr Milliseconds kLimit{20'000};

/// Does what it is told on the next turn of its loop, and knows which thread asked.
class PlainHypervisor final : public BlindHypervisor {
 public:
  explicit PlainHypervisor(EventLoop& loop) : loop_(loop) {}

  void on_event(std::function<void(const MachineEvent&)> handler) override {
    handler_ = std::move(handler);
  }
  void start(const MachineSpec& spec, Done done) override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    ++started[spec.name];
    loop_.post([done] { done(nullptr); });
  }
  void pause(const std::string&, Done done) override { answer(done); }
  void resume(const std::string&, Done done) override { answer(done); }
  void save(const std::string& name, const std::filesystem::path&, Done done) override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    loop_.post([done, name] { done(std::make_exception_ptr(Error("no room for " + name))); });
  }
  void destroy(const std::string& name, Done done) override {
    // A machine that ends tells so.
    handler_({name, MachineEvent::Kind::stopped, "destroyed"});
    answer(done);
  }
  void inject_nmi(const std::string&, Done done) override { answer(done); }
  void registers(const std::string& name, TextAnswer told) override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    loop_.post([told, name] { told(nullptr, "RIP of " + name); });
  }
  std::string qemu_log(const std::string& name) const override { return "log of " + name; }
  std::string domain_xml(const std::string& name) const override { return "<" + name + "/>"; }

  std::map<std::string, int> started;

 private:
  void answer(const Done& done) {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    loop_.post([done] { done(nullptr); });
  }
  EventLoop& loop_;
  std::function<void(const MachineEvent&)> handler_;
  std::thread::id thread_ = std::this_thread::get_id();
};

TEST(SharedHypervisor, EachLoopGetsItsOwnAnswersAndEventsOnItsOwnThread) {
  PollEventLoop main;
  PlainHypervisor real(main);
  SharedHypervisor shared(real, main);
  constexpr int kLabs = 4;
  constexpr int kRounds = 50;
  std::atomic<int> ended = 0;
  std::vector<std::thread> labs;
  for (int lab = 0; lab < kLabs; ++lab)
    labs.emplace_back([&, lab] {
      PollEventLoop loop;
      const std::thread::id here = std::this_thread::get_id();
      std::unique_ptr<Hypervisor> mine;
      const std::string prefix = "gl-" + std::to_string(lab) + "-";
      main.post([&] {
        auto made = std::make_shared<std::unique_ptr<Hypervisor>>(shared.share(loop, prefix));
        loop.post([&, made] { mine = std::move(*made); });
      });
      loop.run_until([&] { return mine != nullptr; }, kLimit, {});
      ASSERT_NE(mine, nullptr);
      int events = 0;
      mine->on_event([&](const MachineEvent& event) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_TRUE(event.machine.starts_with(prefix)) << event.machine;
        ++events;
      });
      for (int round = 0; round < kRounds; ++round) {
        MachineSpec spec;
        spec.name = prefix + "node1";
        bool done = false;
        mine->start(spec, [&](std::exception_ptr error) {
          EXPECT_EQ(std::this_thread::get_id(), here);
          EXPECT_EQ(error, nullptr);
          mine->destroy(spec.name, [&](std::exception_ptr) { done = true; });
        });
        EXPECT_EQ(loop.run_until([&] { return done && events == round + 1; }, kLimit, {}),
                  Waited::done);
      }
      EXPECT_EQ(mine->domain_xml(prefix + "node1"), "<" + prefix + "node1/>");
      EXPECT_EQ(mine->qemu_log(prefix + "node1"), "log of " + prefix + "node1");
      std::string refused;
      mine->save(prefix + "node1", "/state", [&](std::exception_ptr error) {
        try {
          std::rethrow_exception(error);
        } catch (const Error& why) {
          refused = why.what();
        }
      });
      loop.run_until([&] { return !refused.empty(); }, kLimit, {});
      EXPECT_EQ(refused, "no room for " + prefix + "node1");
      std::string seen;
      mine->registers(prefix + "node1", [&](std::exception_ptr, const std::string& text) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        seen = text;
      });
      loop.run_until([&] { return !seen.empty(); }, kLimit, {});
      EXPECT_EQ(seen, "RIP of " + prefix + "node1");
      // What comes back after its loop is gone must find nobody.
      mine->pause(prefix + "node1", [](std::exception_ptr) { FAIL() << "nobody waits for this"; });
      mine.reset();
      main.post([&ended] { ++ended; });
    });
  EXPECT_EQ(main.run_until([&] { return ended == kLabs; }, kLimit, {}), Waited::done);
  for (std::thread& lab : labs) lab.join();
  main.run_until([] { return false; }, Milliseconds{20}, {});
  EXPECT_EQ(real.started.size(), static_cast<std::size_t>(kLabs));
  for (const auto& [name, count] : real.started) EXPECT_EQ(count, kRounds) << name;
}

}  // namespace
}  // namespace gridlock
