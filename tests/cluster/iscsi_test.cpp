// SPDX-License-Identifier: GPL-2.0-or-later
// GFS2 on iSCSI on two real nodes, with QEMU and with the nodes' kernels as initiators: it works, the
// secret is nowhere, and a target that ends, or comes back, is told as what it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "host/command_runner.h"
#include "host/files.h"
#include "host/run_directory.h"
#include "record/run_reader.h"
#include "storage/iscsi_target.h"
#include "storage/shared_disk.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::chrono::minutes kRunLimit{10};

std::string topology(const std::string& disk, const std::string& duration) {
  return "name: iscsi-test\n"
         "kernels: {patched: {source: {package: linux-source-6.1}, config: [base, cluster, debug]}}\n"
         "nodes: {count: 2}\n"
         "disks: {shared: {size: 512MiB, transport: iscsi, " +
         disk +
         "}}\n"
         "filesystem: {journal: 8MiB}\n"
         "workloads: {w: {program: mmap-dio, operation: write, buffer: same-file, transfer: 64KiB, "
         "duration: " +
         duration +
         "}}\n"
         "watch:\n"
         "  hung_task: 10s\n"
         "  stall: 5s\n"
         "  known:\n"
         "    - \"lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)\"\n"
         "    - \"lockdep:circular:&ls->ls_waiters_mutex>&r->res_mutex\"\n"
         "    - \"atomic_sleep:sleeping:dlm_midcomms_get_mhandle<dlm_send_fin\"\n";
}

/// All files below `folder` that have `text` in them.
std::vector<std::string> files_with(const fs::path& folder, const std::string& text) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.find(text) != std::string::npos) found.push_back(entry.path());
  }
  return found;
}

/// The processes whose arguments or environment have `text` in them.
std::vector<std::string> processes_with(const std::string& text) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error))
    for (const char* const what : {"cmdline", "environ"}) {
      std::ifstream in(at->path() / what, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (bytes.find(text) != std::string::npos) found.push_back(at->path() / what);
    }
  return found;
}

/// A run of the built gridlock that goes on while the test does something.
class IscsiRun : public testing::Test {
 protected:
  void begin(const std::string& text, std::vector<std::string> more = {}) {
    std::ofstream(folder_.path() / "iscsi.yaml") << text;
    run_ = std::async(std::launch::async, [this, more = std::move(more)] {
      Command command;
      command.program = fs::path(GRIDLOCK_BINARY_DIR) / "gridlock";
      command.directory = folder_.path();
      command.arguments = {"run", "iscsi.yaml", "--results", results()};
      command.arguments.insert(command.arguments.end(), more.begin(), more.end());
      command.deadline = kRunLimit;
      command.on_output_line = [](std::string_view line) { std::cout << line << std::endl; };
      return make_command_runner()->run(command, {});
    });
  }

  /// What has happened in the one trial so far.
  std::string events() const {
    std::string all;
    std::error_code error;
    for (fs::recursive_directory_iterator at(results(), error), end; !error && at != end;
         at.increment(error))
      if (at->path().filename() == "events.jsonl") all += read_file(at->path(), Bytes::mib(8));
    return all;
  }

  /// False if the run ends before.
  bool wait_until(const std::function<bool()>& there) {
    while (!there())
      if (run_.wait_for(Milliseconds{200}) == std::future_status::ready) return there();
    return true;
  }
  bool wait_until_it_works() {
    return wait_until([this] { return events().find("\"event\":\"work\"") != std::string::npos; });
  }
  void go_on_for(Milliseconds time) { run_.wait_for(time); }

  RunRecord end() {
    result_ = run_.get();
    const auto runs = list_runs(results());
    if (runs.size() != 1) throw Error("no run: " + result_.errors);
    if (runs.front().trials.size() != 1) throw Error("no trial: " + result_.errors);
    return runs.front();
  }

  std::string results() const { return folder_.path() / "results"; }

  const TempDir folder_{"/var/tmp", "gridlock-iscsi-"};
  CommandResult result_;

 private:
  std::future<CommandResult> run_;
};

TEST_F(IscsiRun, QemuAsInitiatorOfATargetOfOurOwn) {
  begin(topology("via: host", "10s"));
  const TrialRecord trial = end().trials.front();
  EXPECT_EQ(trial.outcome, Outcome::passed) << trial.reason;
  EXPECT_GT(trial.workloads.front().total.operations, 0U);
}

TEST_F(IscsiRun, KernelsAsInitiatorsOfATargetOfOurOwn) {
  begin(topology("via: guest", "10s"));
  const TrialRecord trial = end().trials.front();
  EXPECT_EQ(trial.outcome, Outcome::passed) << trial.reason;
  EXPECT_GT(trial.workloads.front().total.operations, 0U);
}

TEST_F(IscsiRun, ATargetOfOurOwnThatIsKilledIsTheHostsFailure) {
  begin(topology("via: host", "60s"));
  ASSERT_TRUE(wait_until_it_works());
  std::vector<pid_t> targets;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(in), {}};
    if (line.find("tgtd") < line.find('\0') && line.find("/target/tgtd.pid") != std::string::npos)
      targets.push_back(static_cast<pid_t>(std::stol(entry.path().filename())));
  }
  ASSERT_EQ(targets.size(), 1U);
  const auto killed = steady_clock::now();
  ASSERT_EQ(::kill(targets.front(), SIGKILL), 0);
  const TrialRecord trial = end().trials.front();
  EXPECT_LT(steady_clock::now() - killed, std::chrono::seconds(60));
  EXPECT_EQ(trial.outcome, Outcome::error);
  EXPECT_THAT(trial.reason, HasSubstr("the iSCSI target tgtd was ended by signal 9"));
  EXPECT_EQ(result_.value, 3);
}

/// A target that exists, from Gridlock's point of view.
class TargetThatExists : public IscsiRun {
 protected:
  void SetUp() override {
    fs::permissions(folder_.path(), fs::perms::owner_all | fs::perms::others_exec);
    make_folder_of(folder_.path() / "target", ::geteuid(), ::getegid());
    std::ofstream(folder_.path() / "secret") << options_.chap.secret << "\n";
    target_ = std::make_unique<IscsiTarget>(options_);
    options_.port = target_->lun().port;
  }

  std::string spec() const {
    const IscsiLun& lun = target_->lun();
    return "target: {portal: '127.0.0.1:" + std::to_string(lun.port) + "', iqn: '" + lun.iqn +
           "', chap: {user: " + options_.chap.user + ", secret_file: secret}}";
  }
  void kill_target() { target_.reset(); }
  void start_target() { target_ = std::make_unique<IscsiTarget>(options_); }

  /// Kills the target in the middle of the work, and starts it again after a while.
  TrialRecord run_with_absence(const std::string& via, Milliseconds away) {
    begin(topology(via + ", " + spec(), "40s"));
    if (!wait_until_it_works()) throw Error("it did not come to work");
    EXPECT_THAT(processes_with(options_.chap.secret), IsEmpty());
    go_on_for(Milliseconds{5'000});
    kill_target();
    go_on_for(away);
    start_target();
    return end().trials.front();
  }

  /// It recovered, or what it did was no verdict; in either case that is said.
  void expect_told(const TrialRecord& trial) {
    std::cout << "outcome: " << static_cast<int>(trial.outcome) << " " << trial.reason << "\n"
              << events() << "\n";
    EXPECT_THAT(events(), HasSubstr("\"event\":\"disk_away\""));
    EXPECT_THAT(events(), HasSubstr("\"event\":\"disk_back\""));
    EXPECT_THAT(trial.outcome, AnyOf(Outcome::passed, Outcome::error)) << trial.reason;
    if (trial.outcome == Outcome::error) {
      EXPECT_THAT(trial.reason, HasSubstr("the target of the shared disk was away for"));
    }
    EXPECT_THAT(files_with(results(), options_.chap.secret), IsEmpty());
    EXPECT_THAT(result_.output + result_.errors, Not(HasSubstr(options_.chap.secret)));
  }

  SharedDisk disk_{folder_.path() / "lun.raw", Bytes::mib(512), ::geteuid(), ::getegid()};
  IscsiTarget::Options options_{folder_.path() / "target", disk_.path(), ::geteuid(), ::getegid()};
  std::unique_ptr<IscsiTarget> target_;
};

TEST_F(TargetThatExists, ComesBackToQemuInTheMiddleOfTheWork) {
  expect_told(run_with_absence("via: host", Milliseconds{9'000}));
}

TEST_F(TargetThatExists, ComesBackToKernelsInTheMiddleOfTheWork) {
  expect_told(run_with_absence("via: guest", Milliseconds{9'000}));
}

TEST_F(TargetThatExists, IsNamedWhenItDoesNotComeBack) {
  begin(topology("via: guest, " + spec(), "40s"));
  ASSERT_TRUE(wait_until_it_works());
  kill_target();
  const TrialRecord trial = end().trials.front();
  EXPECT_EQ(trial.outcome, Outcome::error);
  EXPECT_THAT(trial.reason, HasSubstr("the iSCSI target at 127.0.0.1:"));
  EXPECT_THAT(trial.reason, HasSubstr("cannot be reached: Connection refused"));
  EXPECT_LT(trial.seconds, 300);
}

TEST_F(TargetThatExists, ThatIsNotThereIsSaidAtOnce) {
  const std::string text = topology(spec(), "10s");
  kill_target();
  begin(text);
  const TrialRecord trial = end().trials.front();
  EXPECT_EQ(trial.outcome, Outcome::error);
  EXPECT_THAT(trial.reason, HasSubstr("cannot be reached: Connection refused"));
}

TEST_F(TargetThatExists, ThatIsTooSmallIsSaid) {
  std::string text = topology("via: host, " + spec(), "10s");
  text.replace(text.find("512MiB"), 6, "513MiB");
  begin(text);
  const TrialRecord trial = end().trials.front();
  EXPECT_EQ(trial.outcome, Outcome::error);
  EXPECT_THAT(trial.reason, HasSubstr("the disk has 536870912 bytes, which is less than the "
                                      "topology's size of 513 MiB"));
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
