// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>

#include "host/byte_source.h"

namespace gridlock {

/// The bytes of `packed`, unpacked if their first ones say that they are gzip (RFC 1952) or
/// Zstandard (RFC 8878), else as they are. Several gzip members or Zstandard frames in a row are
/// one text. Other archives known by their first bytes (xz, bzip2, …) are an error. `name` is what
/// messages call it. Memory: about 0.5 MiB, and for Zstandard the window the archive asks for, at
/// most 128 MiB as for `zstd -d`.
std::unique_ptr<ByteSource> unpacked(std::unique_ptr<ByteSource> packed, std::string name);

}  // namespace gridlock
