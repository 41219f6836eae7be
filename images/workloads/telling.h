// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "workloads/options.h"

// What nodes tell each other of their writes. Over the network and not the file system, which is
// what is being tested. What gets lost makes the checks weaker, never wrong.
namespace gridlock::mdio {

/// The newest version of each slot of each process, in memory shared with children made later.
class Versions {
 public:
  Versions(const Options& options, std::uint64_t slots);

  bool has(std::uint64_t process, std::uint64_t slot) const {
    return process > 0 && process <= processes_ && slot < slots_;
  }
  /// 0: none is known.
  std::uint64_t of(std::uint64_t process, std::uint64_t slot) const { return at(process, slot); }
  /// Never goes back. Only one thread may raise a slot's.
  void raise(std::uint64_t process, std::uint64_t slot, std::uint64_t version) {
    if (at(process, slot) < version) at(process, slot) = version;
  }

 private:
  std::atomic<std::uint64_t>& at(std::uint64_t process, std::uint64_t slot) const {
    return versions_[(process - 1) * slots_ + slot];
  }

  std::uint64_t processes_;
  std::uint64_t slots_;
  std::atomic<std::uint64_t>* versions_;
};

/// Tells the node that watches this one's file which writes have ended.
class Teller {
 public:
  /// Tells nobody if there are no peers or no observers.
  explicit Teller(const Options& options);
  ~Teller();
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  /// The write of `version` to slot `slot` of this node's process `process` has ended.
  void wrote(std::uint64_t process, std::uint64_t slot, std::uint64_t version) const;

 private:
  int socket_ = -1;
  std::uint64_t seed_;
};

/// Asks the next node, whose files this one watches, which writes have begun.
class Asker {
 public:
  /// Asks nobody if there are no peers.
  explicit Asker(const Options& options);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// The newest version that the next node's `process` had begun to write to `slot`, or still knew
  /// to be there, when it answered, which is after this call began. Absent if no answer came within
  /// 0.2 s: it or the question was lost, or nobody listens there.
  std::optional<std::uint64_t> begun(std::uint64_t process, std::uint64_t slot);

 private:
  int socket_ = -1;
  std::uint64_t seed_;
  std::uint64_t question_ = 0;
};

/// Hears what the next node has written, into `told`, and answers the previous one, from `begun`,
/// until `ended`.
void listen(const Options& options, Versions& told, const Versions& begun,
            const std::atomic<bool>& ended);

}  // namespace gridlock::mdio
