// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/verify.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <vector>

#include "workloads/content.h"
#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

/// Direct reads are of whole pages at page boundaries, which every device takes.
constexpr std::uint64_t kUnit = 4096;

/// The options of another node of the same workload.
Options as_node(Options options, std::uint64_t node) {
  options.node = node;
  return options;
}

class Verifier {
 public:
  Verifier(const Options& options, const Layout& layout)
      : options_(options),
        layout_(layout),
        owner_(as_node(options, options.looks_at > 0 ? options.looks_at : options.next_node())) {}

  Verified run() {
    for (std::uint64_t process = 1; process <= options_.processes; ++process) {
      const FileId data{owner_.node, process, Role::data};
      const auto know = knowledge(owner_, process);
      check_size(data);
      for (std::uint64_t i = 0; i < layout_.slots(); ++i)
        expect(data, layout_.transfer_at(i), know.transfers.at(i));
      for (std::uint64_t i = 0; i < know.buffers.size(); ++i)
        if (buffer_file(owner_, process).node == owner_.node)
          expect(buffer_file(owner_, process), layout_.buffer_at(i), know.buffers[i]);
      // What reads brought there may have been taken away: see the worker.
      if (options_.buffer == Buffer::next_node && options_.writes() &&
          !options_.is_mortal(owner_.previous_node()))
        expect_from_previous(data, process);
    }
    for (const auto& [name, slots] : expected_) look_at(name, slots);
    return verified_;
  }

 private:
  struct Slot {
    std::uint64_t at;
    Content content;
  };

  /// The buffers in this file are written by the node before its owner.
  void expect_from_previous(const FileId& data, std::uint64_t process) {
    const Options previous = as_node(options_, owner_.previous_node());
    const auto know = knowledge(previous, process);
    for (std::uint64_t i = 0; i < know.buffers.size(); ++i)
      expect(data, layout_.buffer_at(i), know.buffers[i]);
  }

  Knowledge knowledge(const Options& node, std::uint64_t process) const {
    auto known = Knowledge::load(state_path_of(options_, node.node, process));
    // Nothing was done yet: what was prepared is there.
    return known ? *known : Knowledge::prepared(node, layout_, process);
  }

  /// Reads leave a file as large as it was, whatever they meet at its end.
  void check_size(const FileId& id) {
    if (options_.writes() || !options_.disturb.empty()) return;
    ++verified_.checked;
    const std::uint64_t size = File(path_of(options_, id), O_RDONLY).size();
    if (size == layout_.prepared_size()) return;
    ++verified_.bad;
    if (verified_.first_bad.empty())
      verified_.first_bad =
          to_json({size,
                   "the file ends here instead of at " + std::to_string(layout_.prepared_size()),
                   {},
                   {}},
                  id.name(), 0, "node" + std::to_string(options_.node) + " verify");
  }

  void expect(const FileId& file, std::uint64_t at, const Content& content) {
    expected_[file.name()].push_back({at, content});
  }

  void look_at(const std::string& name, const std::vector<Slot>& slots) {
    const std::string path = options_.directory + "/" + name;
    {
      const File file(path, O_RDONLY);
      ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
      for (const Slot& slot : slots) look_at(file, name, slot, "");
    }
    const int probe = ::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    // A file system without direct I/O has nothing more to show.
    if (probe < 0 && errno == EINVAL) return;
    if (probe >= 0) ::close(probe);
    const File direct(path, O_RDONLY | O_DIRECT);
    for (const Slot& slot : slots) look_at(direct, name, slot, " directly");
  }

  void look_at(const File& file, const std::string& name, const Slot& slot,
               const std::string& how) {
    if (slot.content.kind == Content::Kind::unknown) return;
    const std::uint64_t first = slot.at / kUnit * kUnit;
    const std::uint64_t last = (slot.at + layout_.transfer() + kUnit - 1) / kUnit * kUnit;
    const Mapping memory(nullptr, last - first, MapKind::private_);
    const std::size_t count = file.read_all(memory.range(0, last - first), first);
    const std::size_t skip = slot.at - first;
    const std::size_t there = std::min(count - std::min(count, skip), layout_.transfer());
    const std::string reader = "node" + std::to_string(options_.node) + " verify" + how;
    const Checked found = check(memory.range(skip, there), slot.content, layout_, options_.seed);
    verified_.checked += found.blocks;
    verified_.bad += found.bad;
    if (found.first_bad && verified_.first_bad.empty())
      verified_.first_bad = to_json(*found.first_bad, name, slot.at, reader);
    const std::uint64_t wanted = std::min(layout_.transfer(), present(slot));
    if (there >= wanted) return;
    // A file that ends early has lost data although each block of it is right.
    verified_.bad += layout_.blocks() - found.blocks;
    if (verified_.first_bad.empty())
      verified_.first_bad = to_json({there, "the file ends here", {}, {}}, name, slot.at, reader);
  }

  /// How much of a slot is in the file: all, unless reads were to cross the file's end in it.
  std::uint64_t present(const Slot& slot) const {
    const bool crossing = options_.state == State::crossing_end && !options_.writes();
    const std::uint64_t end = crossing ? layout_.prepared_size() : layout_.end();
    return end - std::min(end, slot.at);
  }

  const Options& options_;
  const Layout& layout_;
  Options owner_;
  std::map<std::string, std::vector<Slot>> expected_;
  Verified verified_;
};

}  // namespace

Verified verify(const Options& options, const Layout& layout) {
  if (options.drop_caches == DropCaches::yes) {
    ::sync();
    const File file("/proc/sys/vm/drop_caches", O_WRONLY);
    if (::write(file.get(), "3\n", 2) < 0) throw_errno("dropping caches");
  }
  return Verifier(options, layout).run();
}

}  // namespace gridlock::mdio
