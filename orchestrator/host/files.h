// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace gridlock {

/// The whole file. Throws Error if it cannot be read or is larger than `limit`.
std::string read_file(const std::filesystem::path& file, Bytes limit);

/// Writes a file that is either the old or the new one whenever one looks, also after a power
/// failure. Mode 0644. Throws Error.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);

/// SHA-256 of a file's bytes, in hexadecimal. Throws Error if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

/// SHA-256 of a file's size and of its blocks that are not zero, with their places: the same
/// however sparse the file is. Throws Error if it cannot be read.
std::string sha256_of_sparse(const std::filesystem::path& file);

/// Makes `to` have the bytes of `from` at the least cost: shared blocks where the file system can,
/// else a hard link, else a copy. `to` may be the same file: for files that nobody changes. An old
/// `to` is replaced. Returns `to`. Throws Error.
std::filesystem::path place_file(const std::filesystem::path& from,
                                 const std::filesystem::path& to);

/// Makes `to`, a new file (mode 0600), hold the bytes of `from`: shared blocks where the file system
/// can, else a copy that is as sparse as `from`. Throws Error; then there is no `to`.
void copy_sparse(const std::filesystem::path& from, const std::filesystem::path& to);

/// What a sparse file takes on its disk.
Bytes allocated_size(const std::filesystem::path& file);

/// What is free for us on the file system of `path`, or of its nearest parent that exists.
Bytes free_space(const std::filesystem::path& path);

/// There is too little free space somewhere.
class NoRoom : public Error {
  using Error::Error;
};

/// Throws NoRoom "no room for <purpose>: …" if less than `needed` is free there.
void require_free_space(const std::filesystem::path& path, Bytes needed, std::string_view purpose);

/// Creates the folder and those above it. Throws Error.
void make_directories(const std::filesystem::path& folder);

/// Removes the tree if it is there; unreadable folders inside it are made readable first. Throws
/// Error.
void remove_tree(const std::filesystem::path& folder);

/// A new folder of our own (mode 0700), removed with all that is in it.
class TempDir {
 public:
  /// In `parent`, which must exist; the name begins with `prefix`.
  explicit TempDir(const std::filesystem::path& parent, std::string_view prefix = "tmp-");
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace gridlock
