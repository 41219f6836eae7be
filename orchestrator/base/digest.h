// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace gridlock {

/// SHA-256, fed piece by piece; the result is 64 lower-case hexadecimal digits.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  Digest& add(std::string_view bytes);
  /// Adds `name` and `value` with their lengths, so that no two lists of fields collide.
  Digest& field(std::string_view name, std::string_view value);
  std::string hex() const;

 private:
  struct Hash;
  std::unique_ptr<Hash> hash_;
};

std::string sha256(std::string_view bytes);

}  // namespace gridlock
