// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/content.h"

#include <fcntl.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "workloads/files.h"
#include "workloads/work_lines.h"

namespace gridlock::mdio {
namespace {

constexpr char kFirstLine[] = "gridlock mmap-dio state 1";

void write_slot(std::ostream& out, const char* half, const Content& content) {
  out << half << ' ' << static_cast<int>(content.kind) << ' ' << content.file.packed() << ' '
      << content.offset << ' ' << content.version << '\n';
}

}  // namespace

Stamp Content::stamp(std::uint64_t block, std::uint64_t seed) const {
  Stamp stamp;
  stamp.file = file;
  stamp.offset = offset + Layout::block_at(block);
  stamp.version = version;
  stamp.seed = seed;
  return stamp;
}

std::string to_json(const BadBlock& bad, const std::string& file, std::uint64_t base,
                    const std::string& reader) {
  return "{\"file\":" + quoted(file) + ",\"offset\":" + std::to_string(base + bad.offset) +
         ",\"what\":" + quoted(bad.what) + ",\"expected\":" + quoted(bad.excerpt.expected) +
         ",\"found\":" + quoted(bad.excerpt.found) + ",\"writer\":" + quoted(bad.writer) +
         ",\"reader\":" + quoted(reader) + "}";
}

void Checked::add(const Checked& other) {
  blocks += other.blocks;
  bad += other.bad;
  if (!first_bad) first_bad = other.first_bad;
}

Checked check(std::span<const std::byte> data, const Content& expected, const Layout& layout,
              std::uint64_t seed) {
  Checked checked;
  if (expected.kind == Content::Kind::unknown) return checked;
  for (std::uint64_t i = 0; i < layout.blocks(); ++i) {
    const std::uint64_t at = Layout::block_at(i);
    const std::uint64_t size = layout.block_size(i);
    if (at + size > data.size()) break;
    const auto block = data.subspan(at, size);
    ++checked.blocks;
    const std::optional<Stamp> found = read_block(block);
    std::optional<Stamp> wanted;
    if (expected.kind == Content::Kind::zeros) {
      if (all_zeros(block)) continue;
    } else {
      wanted = expected.stamp(i, seed);
      if (found && found->file == wanted->file && found->offset == wanted->offset &&
          found->version == wanted->version && found->seed == wanted->seed)
        continue;
    }
    ++checked.bad;
    if (checked.first_bad) continue;
    BadBlock bad;
    bad.offset = at;
    bad.what = wanted ? describe_bad(block, wanted) : "not zeros, where nothing was written";
    bad.excerpt = wanted ? excerpt_of(block, wanted) : excerpt_of_no_zeros(block);
    if (found) bad.writer = found->writer.text();
    checked.first_bad = std::move(bad);
  }
  return checked;
}

void fill(std::span<std::byte> slot, const Content& content, const Layout& layout,
          std::uint64_t seed, const Who& writer) {
  for (std::uint64_t i = 0; i < layout.blocks(); ++i) {
    Stamp stamp = content.stamp(i, seed);
    stamp.writer = writer;
    make_block(slot.subspan(Layout::block_at(i), layout.block_size(i)), stamp);
  }
}

Knowledge Knowledge::prepared(const Options& options, const Layout& layout, std::uint64_t process) {
  Knowledge knowledge;
  const FileId own{options.node, process, Role::data};
  const bool zeros = options.state == State::hole || options.state == State::preallocated;
  const FileId mapped = buffer_file(options, process);
  for (std::uint64_t i = 0; i < layout.slots(); ++i) {
    Content transfer{Content::Kind::stamped, own, layout.transfer_at(i), 1};
    if (zeros) transfer = {Content::Kind::zeros, {}, 0, 0};
    // A write is yet to bring what lies behind the file's end; a read reaches the last slot's half.
    if (options.access == Access::append || options.state == State::past_end) transfer = {};
    knowledge.transfers.push_back(transfer);
    if (options.mapped() && options.buffer != Buffer::same_page)
      knowledge.buffers.push_back({Content::Kind::stamped, mapped, layout.buffer_at(i), 1});
  }
  return knowledge;
}

void Knowledge::save(const std::string& path) const {
  std::ostringstream text;
  text << kFirstLine << '\n';
  for (const Content& content : transfers) write_slot(text, "transfer", content);
  for (const Content& content : buffers) write_slot(text, "buffer", content);
  text << "end\n";
  const std::string bytes = text.str();
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  file.write_all(std::as_bytes(std::span(bytes)), 0);
  file.sync();
}

std::optional<Knowledge> Knowledge::load(const std::string& path) {
  std::ifstream in(path);
  if (!in) return std::nullopt;
  std::string line;
  std::getline(in, line);
  Knowledge knowledge;
  bool whole = false;
  if (line == kFirstLine) {
    while (std::getline(in, line)) {
      if (line == "end") {
        whole = true;
        break;
      }
      std::istringstream words(line);
      std::string half;
      int kind = 0;
      std::uint64_t file = 0;
      Content content;
      words >> half >> kind >> file >> content.offset >> content.version;
      if (!words || kind < 0 || kind > static_cast<int>(Content::Kind::unknown)) break;
      content.kind = static_cast<Content::Kind>(kind);
      content.file = FileId::from(file);
      (half == "transfer" ? knowledge.transfers : knowledge.buffers).push_back(content);
    }
  }
  if (!whole) throw std::runtime_error(path + ": not the whole of what its writer knew");
  return knowledge;
}

}  // namespace gridlock::mdio
