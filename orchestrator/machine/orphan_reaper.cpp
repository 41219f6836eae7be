// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/orphan_reaper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "host/pidfd.h"

namespace gridlock {
namespace {

/// How often it is looked for new processes.
constexpr int kLookMs = 20;

bool has_ended(const Descriptor& process) {
  pollfd ended{process.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) > 0;
}

}  // namespace

OrphanReaper::OrphanReaper(std::function<std::vector<pid_t>()> processes)
    : list_(std::move(processes)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  // Where that cannot be, QEMU's end is only noticed later.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  thread_ = std::thread([this] { run(); });
}

OrphanReaper::~OrphanReaper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
  ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

void OrphanReaper::attend(int change) {
  {
    const std::lock_guard lock(mutex_);
    attentions_ += change;
    look();
  }
  wake();
}

void OrphanReaper::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void OrphanReaper::run() {
  while (true) {
    std::vector<pollfd> polled{{wake_.get(), POLLIN, 0}};
    int patience = -1;
    {
      const std::lock_guard lock(mutex_);
      reap_ended_ones();
      if (stop_) return;
      if (attentions_ > 0) {
        look();
        patience = kLookMs;
      }
      for (const auto& [number, process] : processes_)
        polled.push_back({process.get(), POLLIN, 0});
    }
    ::poll(polled.data(), polled.size(), patience);
    std::uint64_t woken = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &woken, sizeof woken);
  }
}

void OrphanReaper::look() {
  for (const pid_t number : list_()) {
    if (processes_.contains(number)) continue;
    if (Descriptor process = open_pidfd(number)) processes_.emplace(number, std::move(process));
  }
}

void OrphanReaper::reap_ended_ones() {
  std::erase_if(processes_, [](const auto& entry) {
    if (!has_ended(entry.second)) return false;
    reap_ended(entry.second);
    return true;
  });
}

void reap_ended(const Descriptor& pidfd) {
  siginfo_t ended{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &ended, WEXITED | WNOHANG);
}

}  // namespace gridlock
