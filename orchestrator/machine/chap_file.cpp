// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/chap_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/descriptor.h"
#include "machine/domain_xml.h"
#include "machine/libvirt_hypervisor.h"
#include "machine/virt_error.h"

namespace gridlock {

ChapFile::ChapFile(const MachineSpec& spec) {
  if (!spec.iscsi || !spec.iscsi->chap) return;
  path_ = chap_file(spec);
  ::unlink(path_.c_str());
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const std::string& secret = spec.iscsi->chap->secret;
  const QemuUser user = qemu_user();
  const bool made =
      file &&
      ::write(file.get(), secret.data(), secret.size()) == static_cast<ssize_t>(secret.size()) &&
      (user.uid == ::geteuid() || ::fchown(file.get(), user.uid, user.gid) == 0);
  if (made) return;
  const int error = errno;
  ::unlink(path_.c_str());
  throw VirtError(
      fmt::format("writing {}: {}", path_.string(), std::generic_category().message(error)), 0);
}

ChapFile::~ChapFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace gridlock
