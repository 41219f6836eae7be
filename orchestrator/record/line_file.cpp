// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/error.h"

namespace gridlock {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  throw Error("writing " + file.string() + ": " + std::generic_category().message(error),
              "make room, or choose another place for the results");
}

}  // namespace

LineFile::~LineFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LineFile::open() {
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail(file_, errno);
}

void LineFile::append(std::string_view line) {
  if (descriptor_ < 0) open();
  struct stat before {};
  if (::fstat(descriptor_, &before) != 0) fail(file_, errno);
  std::string text(line);
  text += '\n';
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int error = count == 0 ? ENOSPC : errno;
      // A half line in the middle of the file would make the whole file unreadable.
      if (::ftruncate(descriptor_, before.st_size) != 0) fail(file_, errno);
      fail(file_, error);
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace gridlock
