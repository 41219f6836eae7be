// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>

#include "agent/child.h"

namespace gridlock::agent {
namespace {

constexpr std::int64_t kMostCells = 1000;

}  // namespace

std::string read_terminal_size(const Json& object, TerminalSize& out) {
  const std::int64_t rows = integer_or(object, "rows", 0);
  const std::int64_t columns = integer_or(object, "columns", 0);
  if (rows < 1 || rows > kMostCells || columns < 1 || columns > kMostCells)
    return "rows and columns must be from 1 to " + std::to_string(kMostCells);
  out = {static_cast<int>(rows), static_cast<int>(columns)};
  return {};
}

Terminal make_terminal(const TerminalSize& size) {
  Terminal terminal;
  terminal.ours.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  const int unlock = 0;
  if (!terminal.ours || ::ioctl(terminal.ours.get(), TIOCSPTLCK, &unlock) != 0)
    throw std::system_error(errno, std::generic_category(), "a terminal");
  // Without a path, which may lead elsewhere.
  terminal.jobs.reset(::ioctl(terminal.ours.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.jobs) throw std::system_error(errno, std::generic_category(), "a terminal's end");
  if (const std::string wrong = resize_terminal(terminal.ours, size); !wrong.empty())
    throw std::system_error(errno, std::generic_category(), wrong);
  return terminal;
}

std::string resize_terminal(const Descriptor& ours, const TerminalSize& size) {
  winsize window{};
  window.ws_row = static_cast<unsigned short>(size.rows);
  window.ws_col = static_cast<unsigned short>(size.columns);
  return ::ioctl(ours.get(), TIOCSWINSZ, &window) == 0 ? "" : failure("the window's size", errno);
}

void take_terminal(int jobs) { ::ioctl(jobs, TIOCSCTTY, 0); }

}  // namespace gridlock::agent
