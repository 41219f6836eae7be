// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/inspection.h"

namespace gridlock {

std::string describe(const MachineState& state) {
  using Kind = MachineState::Kind;
  // Whatever libvirt believes of a machine, without its process it does nothing.
  if (state.process == MachineState::Process::stopped)
    return "its QEMU was stopped by a signal (SIGSTOP?)";
  if (state.process == MachineState::Process::stuck)
    return "its QEMU hangs in the host's kernel (state D)";
  switch (state.kind) {
    case Kind::running:
      return "runs";
    case Kind::paused:
      return "is paused: " + state.detail;
    case Kind::panicked:
      return "is paused: its kernel panicked";
    case Kind::io_error:
      return "is paused: its disk failed";
    case Kind::gone:
      break;
  }
  return "is gone";
}

}  // namespace gridlock
