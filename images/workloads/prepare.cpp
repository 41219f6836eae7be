// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/prepare.h"

#include <fcntl.h>

#include <filesystem>
#include <vector>

#include "workloads/content.h"
#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

class Preparer {
 public:
  Preparer(const Options& options, const Layout& layout)
      : options_(options), layout_(layout), slot_(layout.transfer()) {}

  void process(std::uint64_t process) {
    std::filesystem::remove(state_path_of(options_, options_.node, process));
    data_file({options_.node, process, Role::data});
    if (options_.buffer == Buffer::own_file) map_file({options_.node, process, Role::map});
  }

 private:
  void data_file(const FileId& id) {
    const File file(path_of(options_, id), O_RDWR | O_CREAT | O_TRUNC);
    const bool buffers = options_.buffer == Buffer::same_file ||
                         options_.buffer == Buffer::next_node ||
                         options_.buffer == Buffer::next_process;
    for (std::uint64_t i = 0; buffers && i < layout_.slots(); ++i)
      stamp(file, id, layout_.buffer_at(i));
    file.resize(layout_.end());
    for (std::uint64_t i = 0; i < layout_.slots(); ++i) transfer_slot(file, id, i);
    if (options_.operation == Operation::fiemap) comb(file);
    file.resize(layout_.prepared_size());
    file.sync();
  }

  void comb(const File& file) const {
    const std::vector<std::byte> page(page_size(), std::byte{0x5a});
    for (std::uint64_t i = 0; i < kComb; ++i) file.write_all(page, layout_.comb_at(i));
  }

  void map_file(const FileId& id) {
    const File file(path_of(options_, id), O_RDWR | O_CREAT | O_TRUNC);
    for (std::uint64_t i = 0; i < layout_.slots(); ++i) stamp(file, id, layout_.buffer_at(i));
    file.sync();
  }

  void transfer_slot(const File& file, const FileId& id, std::uint64_t index) {
    const std::uint64_t at = layout_.transfer_at(index);
    if (options_.state == State::hole) return;
    if (options_.state == State::preallocated) return file.preallocate(at, layout_.transfer());
    stamp(file, id, at);
  }

  void stamp(const File& file, const FileId& id, std::uint64_t at) {
    fill(slot_, {Content::Kind::stamped, id, at, 1}, layout_, options_.seed,
         {options_.node, id.process, 0});
    file.write_all(slot_, at);
  }

  const Options& options_;
  const Layout& layout_;
  std::vector<std::byte> slot_;
};

}  // namespace

std::uint64_t prepare(const Options& options, const Layout& layout) {
  std::filesystem::create_directories(options.directory);
  Preparer preparer(options, layout);
  for (std::uint64_t process = 1; process <= options.processes; ++process)
    preparer.process(process);
  const std::uint64_t files = options.buffer == Buffer::own_file ? 2 : 1;
  return options.processes * files * layout.prepared_size();
}

}  // namespace gridlock::mdio
