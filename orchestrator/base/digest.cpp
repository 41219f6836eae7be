// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/digest.h"

#include <QCryptographicHash>

namespace gridlock {

struct Digest::Hash {
  QCryptographicHash value{QCryptographicHash::Sha256};
};

Digest::Digest() : hash_(std::make_unique<Hash>()) {}
Digest::~Digest() = default;

Digest& Digest::add(std::string_view bytes) {
  hash_->value.addData(QByteArrayView(bytes.data(), static_cast<qsizetype>(bytes.size())));
  return *this;
}

Digest& Digest::field(std::string_view name, std::string_view value) {
  return add(std::to_string(name.size()))
      .add(":")
      .add(name)
      .add(std::to_string(value.size()))
      .add(":")
      .add(value);
}

std::string Digest::hex() const { return hash_->value.result().toHex().toStdString(); }

std::string sha256(std::string_view bytes) { return Digest{}.add(bytes).hex(); }

}  // namespace gridlock
