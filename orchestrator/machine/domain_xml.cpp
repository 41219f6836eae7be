// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/domain_xml.h"

#include <fmt/format.h>

#include <QByteArray>
#include <QXmlStreamWriter>
#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::string_view kMachineType = "pc-q35-7.2";
constexpr const char* kQemuNamespace = "http://libvirt.org/schemas/domain/qemu/1.0";
/// sizeof(sockaddr_un::sun_path) without the terminating zero.
constexpr std::size_t kSocketPathLimit = 107;
constexpr Bytes kLeastMemory = Bytes::mib(16);
/// What one QEMU may use for translated code. It defaults to 1 GiB; the kernel and a node's
/// programs fill less than a tenth of that (measured).
constexpr int kTranslationCacheMib = 256;

/// Slots on the root bus. The chip set has 0 and 0x1f. The fabric's card and iSCSI's adapter are
/// set up by arguments that libvirt does not look into, so they keep away from what it gives out by
/// itself.
enum Slot {
  kRootSlot = 2,
  kSharedSlot = 3,
  kSerialSlot = 4,
  kRandomSlot = 5,
  kScsiSlot = 0x1b,
  kFabricSlot = 0x1c
};

[[noreturn]] void refuse(const MachineSpec& spec, const std::string& why, std::string hint = {}) {
  throw Error(fmt::format("machine \"{}\": {}", printable(spec.name), why), std::move(hint));
}

/// XML and JSON can hold it: UTF-8 without control characters.
bool is_plain_text(const std::string& text) { return printable(text, text.size() + 1) == text; }

void check_path(const MachineSpec& spec, const std::filesystem::path& path, std::string_view what) {
  if (!path.is_absolute() || !is_plain_text(path.native()))
    refuse(spec, fmt::format("the path of its {} is not absolute or not plain text: \"{}\"", what,
                             printable(path.native())));
}

void check_socket(const MachineSpec& spec, const std::filesystem::path& path,
                  std::string_view what) {
  check_path(spec, path, what);
  if (path.native().size() > kSocketPathLimit)
    refuse(spec,
           fmt::format("the path of its {} is {} bytes long, the limit is {}: {}", what,
                       path.native().size(), kSocketPathLimit, path.native()),
           "let the run directory have a shorter path");
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (i % 3 == 2 ? c != ':' : !hex) return false;
  }
  return true;
}

void check_iscsi(const MachineSpec& spec, const IscsiLun& lun) {
  if (!spec.shared_disk.empty()) refuse(spec, "it has a shared disk and an iSCSI disk");
  for (const std::string* text : {&lun.host, &lun.iqn, &spec.initiator})
    if (text->empty() || !is_plain_text(*text))
      refuse(spec, "a name or address of its iSCSI disk is empty or not plain text");
  if (lun.lun < 0 || lun.port == 0) refuse(spec, "its iSCSI disk has no port, or a negative LUN");
}

void check_spec(const MachineSpec& spec) {
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (spec.name.empty() || spec.name.size() > 40 || !std::ranges::all_of(spec.name, in_name))
    refuse(spec, "its name is not 1 to 40 letters, digits, '-' or '_'");
  if (spec.vcpus < 1) refuse(spec, "it has no processor");
  if (spec.memory < kLeastMemory)
    refuse(spec, fmt::format("its memory of {} is less than {}", to_string(spec.memory),
                             to_string(kLeastMemory)));
  if (!is_plain_text(spec.command_line)) refuse(spec, "its kernel command line is not plain text");
  if (spec.kernel.empty() && spec.root_disk.empty())
    refuse(spec, "it has neither a kernel nor a disk to boot");
  if (!spec.kernel.empty()) check_path(spec, spec.kernel, "kernel");
  if (!spec.initrd.empty()) check_path(spec, spec.initrd, "initramfs");
  if (!spec.root_disk.empty()) check_path(spec, spec.root_disk, "root disk");
  if (!spec.shared_disk.empty()) check_path(spec, spec.shared_disk, "shared disk");
  if (spec.iscsi) check_iscsi(spec, *spec.iscsi);
  check_path(spec, spec.console_log, "console log");
  check_socket(spec, spec.console_socket, "console socket");
  if (!spec.agent_socket.empty()) check_socket(spec, spec.agent_socket, "agent socket");
  if (!spec.fabric_socket.empty()) {
    check_socket(spec, spec.fabric_socket, "fabric socket");
    if (!is_mac(spec.mac))
      refuse(spec, fmt::format("\"{}\" is not a MAC address", printable(spec.mac)));
  }
}

/// QXmlStreamWriter with our string types; an element is open as long as its Element lives.
class Writer {
 public:
  using Attributes = std::initializer_list<std::pair<const char*, std::string>>;

  class Element {
   public:
    explicit Element(QXmlStreamWriter& xml) : xml_(xml) {}
    ~Element() { xml_.writeEndElement(); }
    Element(const Element&) = delete;
    Element& operator=(const Element&) = delete;

   private:
    QXmlStreamWriter& xml_;
  };

  Writer() : xml_(&bytes_) {
    xml_.setAutoFormatting(true);
    xml_.setAutoFormattingIndent(2);
  }

  [[nodiscard]] Element element(const char* name, Attributes attributes = {}) {
    xml_.writeStartElement(QString::fromUtf8(name));
    write(attributes);
    return Element(xml_);
  }
  void empty(const char* name, Attributes attributes = {}) {
    xml_.writeEmptyElement(QString::fromUtf8(name));
    write(attributes);
  }
  void text(const char* name, const std::string& value, Attributes attributes = {}) {
    xml_.writeStartElement(QString::fromUtf8(name));
    write(attributes);
    xml_.writeCharacters(QString::fromStdString(value));
    xml_.writeEndElement();
  }
  /// One argument of QEMU's command line that libvirt passes on unread.
  void argument(const std::string& value) {
    xml_.writeEmptyElement(QString::fromUtf8(kQemuNamespace), QStringLiteral("arg"));
    write({{"value", value}});
  }
  [[nodiscard]] Element arguments() {
    xml_.writeStartElement(QString::fromUtf8(kQemuNamespace), QStringLiteral("commandline"));
    return Element(xml_);
  }
  void qemu_namespace() {
    xml_.writeNamespace(QString::fromUtf8(kQemuNamespace), QStringLiteral("qemu"));
  }
  std::string take() const { return bytes_.toStdString() + "\n"; }

 private:
  void write(Attributes attributes) {
    for (const auto& [name, value] : attributes)
      xml_.writeAttribute(QString::fromUtf8(name), QString::fromStdString(value));
  }

  QByteArray bytes_;
  QXmlStreamWriter xml_;
};

void address(Writer& xml, Slot slot) {
  xml.empty("address", {{"type", "pci"},
                        {"domain", "0x0000"},
                        {"bus", "0x00"},
                        {"slot", fmt::format("0x{:02x}", static_cast<int>(slot))},
                        {"function", "0x0"}});
}

void write_system(Writer& xml, const MachineSpec& spec) {
  {
    const auto os = xml.element("os");
    xml.text("type", "hvm", {{"arch", "x86_64"}, {"machine", std::string(kMachineType)}});
    if (spec.kernel.empty()) {
      xml.empty("boot", {{"dev", "hd"}});
    } else {
      xml.text("kernel", spec.kernel.string());
      if (!spec.initrd.empty()) xml.text("initrd", spec.initrd.string());
      xml.text("cmdline", spec.command_line);
    }
  }
  {
    const auto features = xml.element("features");
    xml.empty("acpi");
    xml.empty("apic");
    xml.empty("vmcoreinfo", {{"state", "on"}});
    if (spec.acceleration == Acceleration::tcg) {
      const auto tcg = xml.element("tcg");
      xml.text("tb-cache", std::to_string(kTranslationCacheMib), {{"unit", "MiB"}});
    }
  }
  xml.empty("cpu", {{"mode", "maximum"}});
  {
    const auto clock = xml.element("clock", {{"offset", "utc"}});
    xml.empty("timer", {{"name", "hpet"}, {"present", "no"}});
  }
  xml.text("on_poweroff", "destroy");
  xml.text("on_reboot", "destroy");
  xml.text("on_crash", "preserve");
}

void write_disks(Writer& xml, const MachineSpec& spec) {
  if (!spec.root_disk.empty()) {
    const auto disk = xml.element("disk", {{"type", "file"}, {"device", "disk"}});
    xml.empty("driver", {{"name", "qemu"}, {"type", "raw"}});
    xml.empty("source", {{"file", spec.root_disk.string()}});
    xml.empty("target", {{"dev", "vda"}, {"bus", "virtio"}});
    xml.empty("readonly");
    xml.text("serial", "ROOT");
    address(xml, kRootSlot);
  }
  if (!spec.shared_disk.empty()) {
    const auto disk = xml.element("disk", {{"type", "file"}, {"device", "disk"}});
    xml.empty("driver", {{"name", "qemu"}, {"type", "raw"}, {"cache", "none"}, {"io", "native"}});
    xml.empty("source", {{"file", spec.shared_disk.string()}});
    xml.empty("target", {{"dev", "vdb"}, {"bus", "virtio"}});
    xml.empty("shareable");
    xml.text("serial", "SHARED");
    address(xml, kSharedSlot);
  }
}

void write_devices(Writer& xml, const MachineSpec& spec) {
  const auto devices = xml.element("devices");
  write_disks(xml, spec);
  xml.empty("controller", {{"type", "usb"}, {"model", "none"}});
  {
    const auto serial = xml.element("serial", {{"type", "unix"}});
    xml.empty("source", {{"mode", "bind"}, {"path", spec.console_socket.string()}});
    // A machine that goes on from a saved state goes on with its console, too.
    xml.empty("log",
              {{"file", spec.console_log.string()}, {"append", spec.state.empty() ? "off" : "on"}});
    xml.empty("target", {{"type", "isa-serial"}, {"port", "0"}});
  }
  if (!spec.agent_socket.empty()) {
    {
      const auto controller =
          xml.element("controller", {{"type", "virtio-serial"}, {"index", "0"}});
      address(xml, kSerialSlot);
    }
    const auto channel = xml.element("channel", {{"type", "unix"}});
    xml.empty("source", {{"mode", "bind"}, {"path", spec.agent_socket.string()}});
    xml.empty("target", {{"type", "virtio"}, {"name", "gridlock.agent.0"}});
  }
  {
    const auto random = xml.element("rng", {{"model", "virtio"}});
    xml.text("backend", "/dev/urandom", {{"model", "random"}});
    address(xml, kRandomSlot);
  }
  xml.empty("memballoon", {{"model", "none"}});
  xml.empty("panic", {{"model", "isa"}});
}

std::string pci_address(Slot slot) { return fmt::format("0x{:x}", static_cast<int>(slot)); }

void argument(Writer& xml, const char* name, const Json& value) {
  xml.argument(name);
  xml.argument(value.dump());
}

void write_fabric(Writer& xml, const MachineSpec& spec) {
  argument(xml, "-netdev",
           {{"type", "stream"},
            {"id", "fabric"},
            {"server", false},
            {"addr", {{"type", "unix"}, {"path", spec.fabric_socket.string()}}}});
  // No boot ROM: nothing boots from the fabric, and loading it costs time at each start.
  argument(xml, "-device",
           {{"driver", "virtio-net-pci"},
            {"netdev", "fabric"},
            {"mac", spec.mac},
            {"bus", "pcie.0"},
            {"addr", pci_address(kFabricSlot)},
            {"romfile", ""}});
}

void write_iscsi(Writer& xml, const MachineSpec& spec, const IscsiLun& lun) {
  const bool ipv6 = lun.host.find(':') != std::string::npos;
  Json disk{
      {"driver", "iscsi"},
      {"node-name", "iscsi"},
      {"transport", "tcp"},
      {"portal", fmt::format("{}{}{}:{}", ipv6 ? "[" : "", lun.host, ipv6 ? "]" : "", lun.port)},
      {"target", lun.iqn},
      {"lun", lun.lun},
      {"initiator-name", spec.initiator},
      {"cache", {{"direct", true}}}};
  if (lun.chap) {
    argument(xml, "-object",
             {{"qom-type", "secret"}, {"id", "chap"}, {"file", chap_file(spec).string()}});
    disk["user"] = lun.chap->user;
    disk["password-secret"] = "chap";
  }
  argument(xml, "-blockdev", disk);
  argument(xml, "-device",
           {{"driver", "virtio-scsi-pci"},
            {"id", "scsi"},
            {"bus", "pcie.0"},
            {"addr", pci_address(kScsiSlot)}});
  // A target that fails is the nodes' to hear of, not a reason to stop them.
  argument(xml, "-device",
           {{"driver", "scsi-hd"},
            {"bus", "scsi.0"},
            {"drive", "iscsi"},
            {"serial", "SHARED"},
            {"share-rw", true},
            {"rerror", "report"},
            {"werror", "report"}});
}

/// What libvirt 9.0 has no words for: a `stream` network, a state that comes over a socket of ours,
/// and an iSCSI disk with a secret, which its embedded driver finds on one thread at a time only
/// (secretConnectOpen(), src/secret/secret_driver.c). QEMU takes the options as JSON, so a path may
/// hold a comma.
void write_arguments(Writer& xml, const MachineSpec& spec) {
  if (spec.fabric_socket.empty() && spec.state.empty() && !spec.iscsi) return;
  const auto arguments = xml.arguments();
  if (!spec.state.empty()) {
    xml.argument("-incoming");
    xml.argument("defer");
  }
  if (!spec.fabric_socket.empty()) write_fabric(xml, spec);
  if (spec.iscsi) write_iscsi(xml, spec, *spec.iscsi);
}

}  // namespace

std::string domain_xml(const MachineSpec& spec, const std::string& uuid) {
  check_spec(spec);
  Writer xml;
  {
    const auto domain =
        xml.element("domain", {{"type", spec.acceleration == Acceleration::kvm ? "kvm" : "qemu"}});
    xml.qemu_namespace();
    xml.text("name", spec.name);
    xml.text("uuid", uuid);
    xml.empty("genid");
    xml.text("memory", std::to_string(spec.memory.count >> 10), {{"unit", "KiB"}});
    xml.text("vcpu", std::to_string(spec.vcpus));
    write_system(xml, spec);
    write_devices(xml, spec);
    write_arguments(xml, spec);
  }
  return xml.take();
}

std::filesystem::path chap_file(const MachineSpec& spec) {
  return std::filesystem::path(spec.console_socket).replace_extension(".chap");
}

}  // namespace gridlock
