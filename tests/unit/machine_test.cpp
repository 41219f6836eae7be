// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "host/command_runner.h"
#include "machine/domain_xml.h"
#include "support/golden.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using ::testing::HasSubstr;

constexpr const char* kUuid = "0f9c1e3a-58a1-4c0e-8d3b-6a1f2b3c4d5e";

MachineSpec node() {
  MachineSpec spec;
  spec.name = "gl-node1";
  spec.vcpus = 2;
  spec.memory = Bytes::mib(768);
  spec.mac = "52:54:00:67:6c:01";
  spec.kernel = "/var/tmp/gridlock-0/abcdef/kernel-patched";
  spec.command_line = "console=ttyS0 root=/dev/vda ro quote=\"<&'\"";
  spec.root_disk = "/var/tmp/gridlock-0/abcdef/root.erofs";
  spec.shared_disk = "/var/tmp/gridlock-0/abcdef/shared.raw";
  spec.console_log = "/home/u/results/a & b/console.log";
  spec.console_socket = "/var/tmp/gridlock-0/abcdef/n1.con";
  spec.agent_socket = "/var/tmp/gridlock-0/abcdef/n1.agt";
  spec.fabric_socket = "/var/tmp/gridlock-0/abcdef/n1,x.fab";
  return spec;
}

/// QEMU is the initiator, with a secret.
MachineSpec node_on_iscsi() {
  MachineSpec spec = node();
  spec.name = "gl-node2";
  spec.shared_disk.clear();
  spec.iscsi = IscsiLun{"127.0.0.1", 40123, "iqn.2026-01.invalid.gridlock:shared", 1,
                        ChapSecret{"gridlock-abcdef", "verySecret123456"}};
  spec.initiator = "iqn.2026-01.invalid.gridlock:node2";
  return spec;
}

/// The least there can be: what proves KVM.
MachineSpec bare() {
  MachineSpec spec;
  spec.name = "gl-kvm";
  spec.acceleration = Acceleration::kvm;
  spec.memory = Bytes::mib(256);
  spec.kernel = "/run/kernel";
  spec.command_line = "console=ttyS0";
  spec.console_log = "/run/kvm.log";
  spec.console_socket = "/run/kvm.con";
  return spec;
}

MachineSpec booting_from_disk() {
  MachineSpec spec = bare();
  spec.acceleration = Acceleration::tcg;
  spec.kernel.clear();
  spec.root_disk = "/run/boot.img";
  return spec;
}

TEST(DomainXml, ANodeIsWrittenAsExpected) {
  expect_golden(domain_xml(node(), kUuid), "machine/node-tcg.xml");
}

TEST(DomainXml, ANodeOnIscsiIsWrittenAsExpectedAndWithoutItsSecret) {
  const std::string xml = domain_xml(node_on_iscsi(), kUuid);
  expect_golden(xml, "machine/node-iscsi.xml");
  EXPECT_EQ(xml.find("verySecret"), std::string::npos);
}

TEST(DomainXml, AnInitramfsStandsBesideItsKernel) {
  MachineSpec spec = node();
  spec.initrd = "/var/tmp/gridlock-0/abcdef/initramfs-debian";
  EXPECT_THAT(domain_xml(spec, kUuid),
              HasSubstr("<initrd>/var/tmp/gridlock-0/abcdef/initramfs-debian</initrd>"));
  spec.initrd = "initramfs";
  EXPECT_THROW(domain_xml(spec, kUuid), Error) << "QEMU's folder is not ours";
}

TEST(DomainXml, RefusesTwoSharedDisks) {
  MachineSpec spec = node_on_iscsi();
  spec.shared_disk = "/run/shared.raw";
  EXPECT_THROW(domain_xml(spec, kUuid), Error);
  spec.shared_disk.clear();
  spec.initiator.clear();
  EXPECT_THROW(domain_xml(spec, kUuid), Error);
}

TEST(DomainXml, AKvmProofIsWrittenAsExpected) {
  expect_golden(domain_xml(bare(), kUuid), "machine/bare-kvm.xml");
}

TEST(DomainXml, ABootDiskIsWrittenAsExpected) {
  expect_golden(domain_xml(booting_from_disk(), kUuid), "machine/boot-disk.xml");
}

TEST(DomainXml, LibvirtsSchemaAcceptsIt) {
  const auto runner = make_command_runner();
  const TempDir directory;
  int checked = 0;
  for (const MachineSpec& spec : {node(), node_on_iscsi(), bare(), booting_from_disk()}) {
    const auto file = directory.path() / (spec.name + ".xml");
    std::ofstream(file) << domain_xml(spec, kUuid);
    Command command;
    command.program = "virt-xml-validate";
    command.arguments = {file.string(), "domain"};
    try {
      const CommandResult result = runner->run(command, {});
      EXPECT_TRUE(result.ok()) << result.output << result.errors;
      ++checked;
    } catch (const HostError& error) {
      GTEST_SKIP() << error.what();
    }
  }
  EXPECT_EQ(checked, 4);
}

std::string refusal(const MachineSpec& spec) {
  try {
    (void)domain_xml(spec, kUuid);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DomainXml, RefusesASocketPathThatIsTooLong) {
  MachineSpec spec = node();
  spec.agent_socket = "/" + std::string(106, 'x');
  EXPECT_EQ(refusal(spec), "accepted");
  spec.agent_socket = "/" + std::string(107, 'x');
  EXPECT_THAT(refusal(spec), HasSubstr("agent socket is 108 bytes long, the limit is 107"));
}

TEST(DomainXml, RefusesWhatCannotBeAMachine) {
  const auto with = [](auto change) {
    MachineSpec spec = node();
    change(spec);
    return refusal(spec);
  };
  EXPECT_THAT(with([](auto& s) { s.name = "a/b"; }), HasSubstr("name"));
  EXPECT_THAT(with([](auto& s) { s.name.clear(); }), HasSubstr("name"));
  EXPECT_THAT(with([](auto& s) { s.vcpus = 0; }), HasSubstr("processor"));
  EXPECT_THAT(with([](auto& s) { s.memory = Bytes::mib(1); }), HasSubstr("memory"));
  EXPECT_THAT(with([](auto& s) { s.mac = "52:54:00:67:6c"; }), HasSubstr("MAC"));
  EXPECT_THAT(with([](auto& s) { s.mac = "52-54-00-67-6c-01"; }), HasSubstr("MAC"));
  EXPECT_THAT(with([](auto& s) { s.kernel = "bzImage"; }), HasSubstr("not absolute"));
  EXPECT_THAT(with([](auto& s) { s.shared_disk = "/a\nb"; }), HasSubstr("plain text"));
  EXPECT_THAT(with([](auto& s) { s.fabric_socket = "/\xff"; }), HasSubstr("plain text"));
  EXPECT_THAT(with([](auto& s) { s.command_line = "a\x01"; }), HasSubstr("plain text"));
  EXPECT_THAT(with([](auto& s) { s.kernel.clear(), s.root_disk.clear(); }), HasSubstr("to boot"));
}

}  // namespace
}  // namespace gridlock
