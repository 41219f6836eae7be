// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/kdump_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/descriptor.h"
#include "machine/virt_error.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFlattened = "makedumpfile";
constexpr std::uint64_t kFirstRecord = 4096;
constexpr std::size_t kRecordHead = 16;  // offset and size, both big-endian
/// No image of a node is larger: what is beyond it is damage.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 44;
constexpr std::size_t kChunk = 256 * 1024;

constexpr std::string_view kSignature = "KDUMP   ";
constexpr std::size_t kUtsField = 65;  // __NEW_UTS_LEN + 1
constexpr std::uint64_t kSysname = 12, kNodename = kSysname + kUtsField,
                        kRelease = kNodename + kUtsField, kVersion = kRelease + kUtsField;
constexpr std::uint64_t kBlockSize = 428, kInfoPlace = 32;
constexpr std::uint32_t kSmallestBlock = 512, kLargestBlock = 1 << 20;
constexpr std::size_t kLargestInfo = 64 * 1024;

class File {
 public:
  File(Descriptor descriptor, std::string name)
      : descriptor_(std::move(descriptor)), name_(std::move(name)) {
    if (!descriptor_) fail("opening");
  }

  /// What is there, at most all of `into`.
  std::size_t read(std::span<char> into, std::uint64_t at) const {
    std::size_t had = 0;
    while (had < into.size()) {
      const ssize_t got = ::pread(descriptor_.get(), into.data() + had, into.size() - had,
                                  static_cast<off_t>(at + had));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("reading");
      if (got == 0) break;
      had += static_cast<std::size_t>(got);
    }
    return had;
  }

  void read_all(std::span<char> into, std::uint64_t at) const {
    if (read(into, at) < into.size())
      throw VirtError(fmt::format("{} is cut short at {} bytes", name_, at), 0);
  }

  void write(std::string_view bytes, std::uint64_t at) const {
    while (!bytes.empty()) {
      const ssize_t put =
          ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) fail("writing");
      bytes.remove_prefix(static_cast<std::size_t>(put));
      at += static_cast<std::uint64_t>(put);
    }
  }

  void clear() const {
    if (::ftruncate(descriptor_.get(), 0) != 0) fail("emptying");
  }

 private:
  [[noreturn]] void fail(std::string_view doing) const {
    throw VirtError(fmt::format("{} {}: {}", doing, name_, std::generic_category().message(errno)),
                    0);
  }

  Descriptor descriptor_;
  std::string name_;
};

/// A file without a name beside `file`: gone however this ends.
File nameless(const fs::path& file) {
  std::string name = file.string() + ".XXXXXX";
  File made(Descriptor(::mkostemp(name.data(), O_CLOEXEC)), name);
  ::unlink(name.c_str());
  return made;
}

std::uint64_t big_endian(std::span<const char> bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

template <typename Value>
Value value_at(const File& file, std::uint64_t at) {
  std::array<char, sizeof(Value)> bytes;
  file.read_all(bytes, at);
  Value value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Writes every record of `flattened` to its place in `plain`. Returns the first byte past all.
std::uint64_t place_records(const File& flattened, const File& plain) {
  std::vector<char> chunk(kChunk);
  std::uint64_t end = 0;
  for (std::uint64_t at = kFirstRecord;;) {
    std::array<char, kRecordHead> head;
    flattened.read_all(head, at);
    at += head.size();
    const std::uint64_t to = big_endian(std::span(head).first(8));
    std::uint64_t left = big_endian(std::span(head).last(8));
    if (to == ~std::uint64_t{0} && left == to) return end;
    if (to > kLargest || left > kLargest)
      throw VirtError(fmt::format("the memory image has a record of {} bytes for {}", left, to), 0);
    for (std::uint64_t place = to; left > 0;) {
      const std::span<char> part(chunk.data(), std::min<std::uint64_t>(left, chunk.size()));
      flattened.read_all(part, at);
      plain.write({part.data(), part.size()}, place);
      at += part.size();
      place += part.size();
      left -= part.size();
      end = std::max(end, place);
    }
  }
}

/// "6.1.192" of the line "OSRELEASE=6.1.192" of VMCOREINFO; empty if there is none.
std::string release_in(std::string_view info) {
  constexpr std::string_view kKey = "OSRELEASE=";
  std::size_t at = info.find(kKey);
  if (at == std::string_view::npos) return {};
  at += kKey.size();
  const std::string_view value = info.substr(at, info.find('\n', at) - at);
  return std::string(value.substr(0, kUtsField - 1));
}

void name_system(const File& plain, const std::string& name) {
  std::array<char, kSignature.size()> signature;
  plain.read_all(signature, 0);
  const auto block = value_at<std::uint32_t>(plain, kBlockSize);
  if (std::string_view(signature.data(), signature.size()) != kSignature ||
      block < kSmallestBlock || block > kLargestBlock)
    throw VirtError("QEMU wrote no kdump", 0);
  const auto place = value_at<std::uint64_t>(plain, block + kInfoPlace);
  const auto size = value_at<std::uint64_t>(plain, block + kInfoPlace + 8);
  if (place == 0 || size == 0 || place > kLargest) return;
  std::string info(std::min<std::uint64_t>(size, kLargestInfo), '\0');
  info.resize(plain.read(info, place));
  const std::string release = release_in(info);
  if (release.empty()) return;
  plain.write("Linux", kSysname);
  plain.write(std::string_view(name).substr(0, kUtsField - 1), kNodename);
  plain.write(release, kRelease);
  plain.write("#1", kVersion);  // any: who reads it takes the kernel's own from the memory
}

}  // namespace

void make_kdump_plain(const fs::path& file, const std::string& name) {
  const File dump(Descriptor(::open(file.c_str(), O_RDWR | O_CLOEXEC)), file.string());
  std::array<char, kFlattened.size()> head;
  dump.read_all(head, 0);
  if (std::string_view(head.data(), head.size()) != kFlattened)
    throw VirtError(file.string() + " is no flattened kdump", 0);
  const File plain = nameless(file);
  const std::uint64_t end = place_records(dump, plain);
  name_system(plain, name);
  dump.clear();
  std::vector<char> chunk(kChunk);
  for (std::uint64_t at = 0; at < end; at += chunk.size()) {
    const std::size_t had = plain.read(chunk, at);
    dump.write({chunk.data(), had}, at);
  }
}

}  // namespace gridlock
