// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/duration.h"

namespace gridlock {

/// Bytes that come one piece after another: a file, or a pipe that somebody still writes to.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  struct Piece {
    enum class Kind {
      bytes,
      quiet,    ///< nothing came within `patience`; there may be more
      end,      ///< there is no more
      stopped,  ///< a stop was requested
    };
    Kind kind = Kind::end;
    std::string_view bytes = {};  ///< valid until the next call; empty for the other kinds
  };
  /// The next bytes, as soon as there are any. Throws Error if they cannot be read, or are of an
  /// archive that is cut or corrupt; everything before that has been returned by then.
  virtual Piece next(Milliseconds patience) = 0;
};

/// Opens a file, a FIFO (whose writer may come later) or a device as it is. Memory does not depend
/// on its size. Throws Error if it cannot be opened or is a folder.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file, std::stop_token stop);

/// Standard input as it is. Throws Error if it is closed or a folder.
std::unique_ptr<ByteSource> standard_input_bytes(std::stop_token stop);

}  // namespace gridlock
