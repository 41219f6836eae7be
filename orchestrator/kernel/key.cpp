// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/key.h"

#include "base/digest.h"

namespace gridlock {
namespace {

/// Raised when the way kernels are built changes, so that older ones are not taken for new.
constexpr const char* kRecipe = "1";

void add(Digest& digest, const KernelIdentity& identity) {
  digest.field("recipe", kRecipe)
      .field("source", identity.source)
      .field("config", identity.config)
      .field("compiler", identity.compiler);
}

}  // namespace

std::string workspace_key(const KernelIdentity& identity) {
  Digest digest;
  add(digest, identity);
  return digest.hex().substr(0, 16);
}

std::string kernel_key(const KernelIdentity& identity, const std::vector<Patch>& patches) {
  Digest digest;
  add(digest, identity);
  for (const Patch& patch : patches) digest.field(patch.revert ? "revert" : "patch", patch.text);
  return digest.hex();
}

std::string local_version(const std::string& kernel_key) {
  return "-gl-" + kernel_key.substr(0, 8);
}

}  // namespace gridlock
