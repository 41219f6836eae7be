// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace gridlock {

/// Guests of 512 bytes: real-mode 8086 code that the BIOS loads to 0x7c00 and jumps to, put
/// together byte by byte. What they print goes to the first serial port.
class BootSector {
 public:
  BootSector() {
    // cli; xor ax,ax; mov ds,ax: the BIOS promises nothing about DS.
    add({0xfa, 0x31, 0xc0, 0x8e, 0xd8});
  }

  BootSector& print(std::string_view text) {
    for (const char c : text) {
      // mov dx,0x3fd; wait: in al,dx; test al,0x20; jz wait: until the port takes a byte
      add({0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb});
      // mov dx,0x3f8; mov al,c; out dx,al
      add({0xba, 0xf8, 0x03, 0xb0, static_cast<std::uint8_t>(c), 0xee});
    }
    return *this;
  }

  /// Bit 0 of port 0x505 tells pvpanic that the guest has panicked (docs/specs/pvpanic.txt of
  /// QEMU).
  BootSector& panic() { return add({0xba, 0x05, 0x05, 0xb0, 0x01, 0xee}); }  // mov dx; mov al; out

  /// The keyboard controller's command 0xfe pulses the reset line.
  BootSector& reset() { return add({0xb0, 0xfe, 0xe6, 0x64}); }  // mov al,0xfe; out 0x64,al

  BootSector& halt() { return add({0xf4, 0xeb, 0xfd}); }  // again: hlt; jmp again

  /// Writes a disk image of 1 MiB with this sector first.
  void write(const std::filesystem::path& file) const {
    std::vector<char> image(std::size_t{1} << 20);
    for (std::size_t i = 0; i < code_.size(); ++i) image[i] = static_cast<char>(code_.at(i));
    image[510] = 0x55;
    image[511] = static_cast<char>(0xaa);
    std::ofstream out(file, std::ios::binary);
    out.write(image.data(), static_cast<std::streamsize>(image.size()));
  }

 private:
  BootSector& add(std::initializer_list<std::uint8_t> bytes) {
    code_.insert(code_.end(), bytes);
    if (code_.size() > 510) throw std::length_error("a boot sector has room for 510 bytes");
    return *this;
  }

  std::vector<std::uint8_t> code_;
};

}  // namespace gridlock
