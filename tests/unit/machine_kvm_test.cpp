// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "machine/prove_kvm.h"
#include "support/blind_hypervisor.h"
#include "support/fake_event_loop.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using ::testing::HasSubstr;

/// Starts whatever it is told to, and lets it print what the test says.
class ScriptedHypervisor final : public BlindHypervisor {
 public:
  explicit ScriptedHypervisor(EventLoop& loop) : loop_(loop) {}

  void on_event(std::function<void(const MachineEvent&)>) override {}
  void start(const MachineSpec& spec, Done done) override {
    started = spec;
    std::ofstream(spec.console_log) << prints;
    loop_.post([done, error = refuses] { done(error); });
  }
  void destroy(const std::string& name, Done done) override {
    destroyed = name;
    loop_.post([done] { done(nullptr); });
  }
  void pause(const std::string&, Done done) override { done(nullptr); }
  void resume(const std::string&, Done done) override { done(nullptr); }
  void save(const std::string&, const std::filesystem::path&, Done done) override { done(nullptr); }
  void inject_nmi(const std::string&, Done done) override { done(nullptr); }
  std::string qemu_log(const std::string&) const override { return {}; }
  std::string domain_xml(const std::string&) const override { return {}; }

  std::string prints;
  std::exception_ptr refuses;
  MachineSpec started;
  std::string destroyed;

 private:
  EventLoop& loop_;
};

class BootUnderKvm : public ::testing::Test {
 protected:
  AccelerationChoice boot(std::stop_token stop = {}) {
    return boot_under_kvm(hypervisor_, loop_, "/kernel", scratch_.path(), Milliseconds{10'000},
                          stop);
  }
  void TearDown() override {
    EXPECT_EQ(hypervisor_.started.acceleration, Acceleration::kvm);
    EXPECT_EQ(hypervisor_.destroyed, hypervisor_.started.name);
    EXPECT_TRUE(std::filesystem::is_empty(scratch_.path()));
  }

  FakeEventLoop loop_;
  ScriptedHypervisor hypervisor_{loop_};
  TempDir scratch_;
};

TEST_F(BootUnderKvm, AFirstLineProvesIt) {
  hypervisor_.prints = "[    0.000000] Linux version 6.1.192\n";
  const auto choice = boot();
  EXPECT_EQ(choice.acceleration, Acceleration::kvm);
  EXPECT_THAT(choice.reason, HasSubstr("first line after"));
}

TEST_F(BootUnderKvm, SilenceUntilTheLimitMeansTcg) {
  const auto began = loop_.now();
  const auto choice = boot();
  EXPECT_EQ(choice.acceleration, Acceleration::tcg);
  EXPECT_EQ(choice.reason, "KVM was tried with this kernel for 10s and it printed nothing");
  EXPECT_LE(loop_.now() - began, Milliseconds{10'100});
}

TEST_F(BootUnderKvm, TheBootRomAloneProvesNothing) {
  hypervisor_.prints = "SeaBIOS (version 1.16.2)\n";
  EXPECT_THAT(boot().reason, HasSubstr("only printed \"SeaBIOS (version 1.16.2)\""));
}

TEST_F(BootUnderKvm, AStartThatFailsMeansTcgAndSaysWhy) {
  hypervisor_.refuses = std::make_exception_ptr(Error("failed to set MSR 0x10a"));
  const auto choice = boot();
  EXPECT_EQ(choice.acceleration, Acceleration::tcg);
  EXPECT_EQ(choice.reason, "KVM cannot be used: failed to set MSR 0x10a");
}

TEST_F(BootUnderKvm, StopsWhenAskedToAndLeavesNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(boot(stop.get_token()), Cancelled);
}

}  // namespace
}  // namespace gridlock
