// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/layout.h"

#include <algorithm>

namespace gridlock::mdio {
namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t shift_of(const Options& options) {
  if (options.alignment == Alignment::page || options.buffer == Buffer::same_page) return 0;
  // 17 is a multiple of nothing that a device or a copy loop might ask for.
  return options.alignment == Alignment::sector ? kBlock : 17;
}

}  // namespace

Layout::Layout(const Options& options)
    : transfer_(options.transfer),
      slots_(options.file_size / options.transfer / 2),
      shift_(shift_of(options)),
      // The halves share no page, so that evicting one side leaves the other alone.
      transfers_begin_((shift_ + slots_ * transfer_ + kPage - 1) / kPage * kPage) {
  prepared_size_ = resting_size(options, *this);
}

std::uint64_t Layout::comb_at(std::uint64_t index) const {
  return (end() + kPage - 1) / kPage * kPage + 2 * index * kPage;
}

std::string path_of(const Options& options, const FileId& file) {
  return options.directory + "/" + file.name();
}

std::string state_path_of(const Options& options, std::uint64_t node, std::uint64_t process) {
  return options.directory + "/node" + std::to_string(node) + "." + std::to_string(process) +
         ".state";
}

FileId buffer_file(const Options& options, std::uint64_t process) {
  switch (options.buffer) {
    case Buffer::next_node:
      return {options.next_node(), process, Role::data};
    case Buffer::next_process:
      return {options.node, process % options.processes + 1, Role::data};
    case Buffer::own_file:
      return {options.node, process, Role::map};
    default:
      return {options.node, process, Role::data};
  }
}

std::uint64_t resting_size(const Options& options, const Layout& layout) {
  if (options.operation == Operation::fiemap) return layout.comb_at(kComb - 1) + kPage;
  if (options.access == Access::append || options.state == State::past_end)
    return layout.transfers_begin();
  if (options.state == State::crossing_end) {
    // A read crosses the end that stands; a write has it put before it.
    const std::uint64_t last = layout.transfer_at(layout.slots() - 1);
    return last + layout.transfer() / 2;
  }
  return layout.end();
}

}  // namespace gridlock::mdio
