// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "doctor/examine.h"
#include "doctor/needs.h"
#include "host/files.h"
#include "support/sample_plan.h"

namespace gridlock {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A host on which everything is well.
HostView well() {
  HostView host;
  host.user = "ada";
  host.qemu_user = "ada";
  for (const Need& need : all_needs()) host.there.emplace(need.what);
  host.source_packages = {"linux-source-6.1"};
  host.qemu_version = "7.2.22";
  host.kvm = {KvmView::State::works, "KVM works", "kvm"};
  host.cpus = 8;
  host.memory = Bytes::gib(16);
  host.reading = {Bytes::gib(12), std::nullopt, Ksm{true, Bytes::mib(300)}};
  for (FolderView* const folder : {&host.cache, &host.results, &host.runs})
    *folder = {"/var/tmp/gridlock-1000", "", Bytes::gib(100), false};
  host.open_files = 1024;
  host.tasks = UINT64_MAX;
  host.file_size = UINT64_MAX;
  host.inotify_instances = 128;
  return host;
}

/// The check about something; one that was not made is about nothing.
CheckUp check(const HostView& host, const std::string& about, const Plan* plan = nullptr) {
  const std::vector<CheckUp> checks = examine(host, plan);
  const auto found = std::ranges::find(checks, about, &CheckUp::about);
  return found == checks.end() ? CheckUp{} : *found;
}

TEST(Doctor, FindsNothingToChangeOnAHostThatIsWell) {
  for (const CheckUp& check : examine(well(), nullptr)) {
    EXPECT_EQ(check.health, Health::ok) << check.about << ": " << check.text;
    EXPECT_THAT(check.fix, IsEmpty()) << check.about;
    EXPECT_THAT(check.text, AllOf(Not(IsEmpty()), Not(HasSubstr("\n"))));
  }
  EXPECT_FALSE(has_problem(examine(well(), nullptr)));
}

TEST(Doctor, NamesEveryMissingProgramWithTheCommandThatInstallsIt) {
  for (const Need& need : all_needs()) {
    HostView host = well();
    host.there.erase(host.there.find(need.what));
    const std::vector<CheckUp> checks = examine(host, nullptr);
    const auto told = std::ranges::find_if(checks, [&](const CheckUp& check) {
      return check.fix == "sudo apt-get install " + std::string(need.package);
    });
    ASSERT_NE(told, checks.end()) << need.what;
    EXPECT_NE(told->health, Health::ok) << need.what;
  }
}

/// The programs that the source of the host's part names where it runs them, each with a place.
std::map<std::string, std::string> programs_in_the_source() {
  // A command, a search for a program, and the tables of those that choose one.
  const std::vector<std::regex> places{
      std::regex(R"re(\.program = "([^"]+)")re"), std::regex(R"re(find_program\("([^"]+)")re"),
      std::regex(R"re((?:version|first)_line\((?:runner, )?"([^"]+)")re"),
      std::regex(R"re(\{"([a-z0-9]+)", "[a-z0-9-]+", )re"),  // kernel/tools.cpp
      std::regex(R"re(\{"\.[a-z]+", "([a-z]+)"\})re")};      // kernel/initrd.cpp
  const std::set<std::string> tables{"tools.cpp", "initrd.cpp"};
  const std::filesystem::path house = std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "orchestrator";
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(house)) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string name = entry.path().filename();
    const std::string text = read_file(entry.path(), Bytes::mib(1));
    for (std::size_t i = 0; i < (tables.contains(name) ? places.size() : 3); ++i)
      for (std::sregex_iterator at(text.begin(), text.end(), places[i]), end; at != end; ++at)
        found.emplace((*at)[1], name);
  }
  return found;
}

TEST(Doctor, KnowsEveryProgramThatIsRun) {
  std::set<std::string, std::less<>> needed;
  for (const Need& need : all_needs()) needed.emplace(need.what);
  const auto programs = programs_in_the_source();
  for (const char* const program : {"make", "dot", "qemu-system-x86_64", "lzop", "zstd", "depmod"})
    EXPECT_TRUE(programs.contains(program)) << program << " is run and was not found";
  for (const auto& [program, file] : programs)
    EXPECT_TRUE(needed.contains(program))
        << file << " runs " << program << ", which doctor/needs.cpp does not know";
}

TEST(Doctor, AsksForKmodWhereAKernelHasModulesAndForAptWhereAPackageHasIt) {
  HostView host = well();
  host.there.erase("modprobe");
  host.there.erase("depmod");
  host.there.erase("apt-get");
  EXPECT_EQ(check(host, "kernel modules").health, Health::note) << "it might be wanted some day";
  EXPECT_EQ(check(host, "kernel modules").fix, "sudo apt-get install kmod");
  Plan plan = sample_plan();
  EXPECT_EQ(check(host, "kernel modules", &plan).about, "");
  plan.kernels.front().source = {};
  plan.kernels.front().source.prebuilt = PrebuiltKernel{};
  plan.kernels.front().source.prebuilt->image = "/boot/vmlinuz";
  EXPECT_EQ(check(host, "kernel modules", &plan).health, Health::problem);
  EXPECT_EQ(check(host, "kernel packages", &plan).about, "");
  plan.kernels.front().source.prebuilt->package = "linux-image-amd64";
  EXPECT_EQ(check(host, "kernel packages", &plan).health, Health::problem);
}

TEST(Doctor, TellsWhatALabNeedsFromWhatItDoesNot) {
  HostView host = well();
  host.there.erase("git");
  host.there.erase("tgtd");
  EXPECT_EQ(check(host, "git").health, Health::note) << "it might be wanted some day";
  Plan plan = sample_plan();
  EXPECT_EQ(check(host, "git", &plan).about, "") << "no kernel of this topology comes from git";
  EXPECT_EQ(check(host, "iscsi target", &plan).about, "");
  plan.kernels.front().source = {};
  plan.kernels.front().source.git = "/src/linux";
  EXPECT_EQ(check(host, "git", &plan).health, Health::problem);
  plan.disk.transport = Transport::iscsi;
  EXPECT_EQ(check(host, "iscsi target", &plan).health, Health::problem);
  EXPECT_TRUE(has_problem(examine(host, &plan)));
}

TEST(Doctor, AsksForNoCompilerWhereEveryKernelIsBuiltAlready) {
  HostView host = well();
  host.there.erase("gcc");
  EXPECT_EQ(check(host, "kernel build").fix, "sudo apt-get install gcc");
  Plan plan = sample_plan();
  plan.kernels.front().source = {};
  plan.kernels.front().source.prebuilt = PrebuiltKernel{};
  EXPECT_EQ(check(host, "kernel build", &plan).about, "");
  EXPECT_EQ(check(host, "kernel compression", &plan).about, "");
}

TEST(Doctor, NamesTheSourcePackageOfTheTopology) {
  HostView host = well();
  host.source_packages = {"linux-source-5.10"};
  const Plan plan = sample_plan();
  const CheckUp found = check(host, "kernel source", &plan);
  EXPECT_EQ(found.health, Health::problem);
  EXPECT_EQ(found.fix, "sudo apt-get install linux-source-6.1");
}

TEST(Doctor, TellsHowLargeTheCacheIs) {
  HostView host = well();
  EXPECT_EQ(check(host, "cache size").about, "") << "there is none yet";
  host.cache_use = {
      {"kernels", Bytes::gib(3)}, {"labs", Bytes::mib(512)}, {"libvirt", Bytes::kib(8)}};
  EXPECT_THAT(check(host, "cache size").text,
              HasSubstr("3.5 GiB in it (kernels 3 GiB, labs 512 MiB); 'gridlock clean --cache'"));
}

TEST(Doctor, SaysWhyThereIsNoKvmAndWhatToDo) {
  HostView host = well();
  host.kvm.state = KvmView::State::no_permission;
  EXPECT_EQ(check(host, "kvm").health, Health::note);
  EXPECT_EQ(check(host, "kvm").fix, "sudo usermod -aG kvm ada, and log in again");
  host.kvm = {KvmView::State::no_device, "", ""};
  EXPECT_THAT(check(host, "kvm").fix, HasSubstr("modprobe kvm_intel"));
  host.kvm = {KvmView::State::broken, "the kernel printed nothing within 10s", "kvm"};
  EXPECT_THAT(check(host, "kvm").text, HasSubstr("printed nothing within 10s; nodes are emulated"));
  Plan plan = sample_plan();
  plan.accel = Accel::kvm;
  EXPECT_EQ(check(host, "kvm", &plan).health, Health::problem) << "the topology insists on it";
  plan.accel = Accel::tcg;
  EXPECT_EQ(check(host, "kvm", &plan).health, Health::ok) << "the topology does not want it";
}

TEST(Doctor, CountsTheNodesThatFit) {
  HostView host = well();
  Plan plan = sample_plan();
  for (PlannedNode& node : plan.nodes) node.memory = Bytes::mib(512);
  host.reading.available = Bytes::mib(1536);
  EXPECT_EQ(check(host, "memory", &plan).text,
            "1.5 GiB of 16 GiB available, 2 nodes of 512 MiB fit");
  EXPECT_EQ(check(host, "memory", &plan).health, Health::ok);
  host.reading.available = Bytes::mib(1535);
  const CheckUp tight = check(host, "memory", &plan);
  EXPECT_EQ(tight.health, Health::problem);
  EXPECT_THAT(tight.text, HasSubstr("1 nodes of 512 MiB fit; 2 nodes need 1.5 GiB"));
  host.reading.limit = Bytes::gib(2);
  EXPECT_THAT(check(host, "memory", &plan).text, HasSubstr("(the control group has 2 GiB)"));
}

TEST(Doctor, SaysWhetherEqualPagesAreMergedAndHowTo) {
  HostView host = well();
  EXPECT_THAT(check(host, "ksm").text, HasSubstr("saved: 300 MiB"));
  host.reading.ksm = Ksm{};
  EXPECT_EQ(check(host, "ksm").health, Health::note);
  EXPECT_EQ(check(host, "ksm").fix, "echo 1 | sudo tee /sys/kernel/mm/ksm/run");
  host.reading.ksm.reset();
  EXPECT_THAT(check(host, "ksm").fix, IsEmpty());
}

TEST(Doctor, WantsRoomForKernelsAndPlacesItCanWriteIn) {
  HostView host = well();
  host.cache.free = Bytes::gib(1);
  EXPECT_EQ(check(host, "cache").health, Health::problem);
  EXPECT_THAT(check(host, "cache").text, HasSubstr("1 GiB free, and 2.5 GiB may be needed"));
  host.results.problem = "files cannot be made in /results: Permission denied";
  EXPECT_EQ(check(host, "results").health, Health::problem);
  EXPECT_THAT(check(host, "results").fix, HasSubstr("sudo chown ada "));
  host.runs.in_memory = true;
  EXPECT_EQ(check(host, "runs").health, Health::problem);
}

TEST(Doctor, KnowsHowLongASocketsPathMayBe) {
  HostView host = well();
  EXPECT_EQ(check(host, "socket paths").health, Health::ok);
  host.runs.path = "/var/tmp/gridlock-" + std::string(30, '9');
  EXPECT_EQ(check(host, "socket paths").health, Health::problem);
}

TEST(Doctor, ComparesLimitsWithWhatALabNeeds) {
  HostView host = well();
  Plan plan = sample_plan();
  plan.nodes.resize(1);
  EXPECT_EQ(check(host, "limits", &plan).health, Health::ok);
  host.open_files = 64;
  host.file_size = Bytes::gib(1).count;
  const CheckUp found = check(host, "limits", &plan);
  EXPECT_EQ(found.health, Health::problem);
  EXPECT_EQ(found.fix, "ulimit -n 160; ulimit -f unlimited");
  EXPECT_EQ(check(well(), "inotify").about, "");
  host.inotify_instances = 2;
  EXPECT_EQ(check(host, "inotify").health, Health::note);
}

TEST(Doctor, LooksAtWhatAnOrdinaryUserNeedsForTheNodeImage) {
  HostView host = well();
  host.subordinate_ids = false;
  EXPECT_EQ(check(host, "user").health, Health::problem);
  EXPECT_THAT(check(host, "user").fix, HasSubstr("--add-subuids"));
  host.root = true;
  EXPECT_EQ(check(host, "user").health, Health::ok);
  host.qemu_user.clear();
  EXPECT_EQ(check(host, "user").health, Health::problem);
}

TEST(Doctor, SaysWhatKilledRunsLeftAndThatTheDriverDoesNotOpen) {
  HostView host = well();
  host.leftovers = {"AbCdEf"};
  EXPECT_EQ(check(host, "leftovers").health, Health::note);
  EXPECT_THAT(check(host, "leftovers").fix, HasSubstr("gridlock clean"));
  host.libvirt_problem = "opening libvirt's driver: no such file";
  EXPECT_EQ(check(host, "libvirt").health, Health::problem);
}

}  // namespace
}  // namespace gridlock
