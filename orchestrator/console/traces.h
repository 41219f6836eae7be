// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "console/finding.h"

namespace gridlock::console {

/// A call trace as printed, innermost first, without `?` and inlined frames, with plain names.
struct Trace {
  std::string rip;                      ///< the function of the kernel's RIP (pc) before the trace
  std::vector<std::string> frames;      ///< at most 1000
  std::vector<CodeLocation> locations;  ///< of rip and frames; at most 64
  /// Where what was interrupted begins, if the frames before it are the interrupt that made the
  /// report; else 0.
  std::size_t interrupted = 0;
};

/// How a call trace begins.
enum class Traces {
  titled,    ///< after "Call Trace:"
  untitled,  ///< wherever frames stand: sanitizers, kmemleak and lockdep's chains
};

/// The call traces in `lines`, at most 16. A trace ends at its own end mark, where user space
/// begins, or at another trace.
std::vector<Trace> traces_in(std::span<const std::string> lines, Traces traces);

/// Frames that are no primitives, from rip on, in order, each once; all of them if nothing else is
/// left; at most 8.
std::vector<std::string> telling_frames(const Trace& trace);

/// The subsystem's own function that the innermost dispatcher called; empty if there is none.
std::string door_of(const Trace& trace);

/// As telling_frames, for a cpu that was busy for too long: where exactly it was found is chance.
/// First comes door_of(), and soon the outermost dispatcher's.
std::vector<std::string> busy_frames(const Trace& trace);

}  // namespace gridlock::console
