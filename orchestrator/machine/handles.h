// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <memory>
#include <string_view>
#include <type_traits>

#include "machine/virt_error.h"

namespace gridlock {

template <auto Free>
struct Releaser {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};
using DomainPtr = std::unique_ptr<virDomain, Releaser<virDomainFree>>;
using ConnectPtr = std::unique_ptr<virConnect, Releaser<virConnectClose>>;

/// The last libvirt error of this thread as an exception: "<doing>: <libvirt's message>".
VirtError last_virt_error(std::string_view doing);

/// Passes `result` through; throws last_virt_error(doing) if it is null or negative.
template <class T>
T check(T result, std::string_view doing) {
  if constexpr (std::is_pointer_v<T>) {
    if (result == nullptr) throw last_virt_error(doing);
  } else {
    if (result < 0) throw last_virt_error(doing);
  }
  return result;
}

}  // namespace gridlock
