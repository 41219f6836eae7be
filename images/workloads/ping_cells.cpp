// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/ping_cells.h"

#include <fcntl.h>

#include <atomic>
#include <filesystem>
#include <span>
#include <stdexcept>

#include "workloads/work_lines.h"

namespace gridlock::lock_ping {

Cells::Cells(const Options& options) : file_(options.data_path(), O_RDWR) {
  const std::uint64_t size = options.locks * kCell;
  if (file_.size() < size)
    throw std::runtime_error(options.data_path() + ": smaller than it was prepared");
  if (options.data == Data::mapped) mapping_.emplace(&file_, size, mdio::MapKind::shared);
}

std::uint64_t Cells::read(std::uint64_t lock) const {
  if (mapping_) {
    auto& cell = *reinterpret_cast<std::uint64_t*>(mapping_->at(lock * kCell));
    return std::atomic_ref(cell).load(std::memory_order_acquire);
  }
  std::uint64_t value = 0;
  if (file_.read_all(std::as_writable_bytes(std::span(&value, 1)), lock * kCell) != sizeof value)
    throw std::runtime_error(file_.path() + ": ends before offset " +
                             std::to_string(lock * kCell + sizeof value));
  return value;
}

void Cells::write(std::uint64_t lock, std::uint64_t value) const {
  if (mapping_) {
    auto& cell = *reinterpret_cast<std::uint64_t*>(mapping_->at(lock * kCell));
    std::atomic_ref(cell).store(value, std::memory_order_release);
    return;
  }
  file_.write_all(std::as_bytes(std::span(&value, 1)), lock * kCell);
}

std::string Bad::json() const {
  return "{\"file\":" + mdio::quoted(std::filesystem::path(path).filename().string()) +
         ",\"offset\":" + std::to_string(offset) + ",\"what\":" + mdio::quoted(what) +
         ",\"expected\":" + mdio::quoted(expected) + ",\"found\":" + mdio::quoted(found) +
         ",\"writer\":\"\",\"reader\":" + mdio::quoted(reader) + "}";
}

}  // namespace gridlock::lock_ping
