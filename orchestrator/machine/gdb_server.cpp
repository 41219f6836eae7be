// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/gdb_server.h"

#include <fmt/format.h>
#include <sys/un.h>

#include "base/text.h"
#include "machine/virt_error.h"

namespace gridlock {

void serve_gdb(VirtConnection& connection, const std::string& name,
               const std::filesystem::path& socket) {
  const std::string& path = socket.native();
  // The monitor reads words with quotes, the device reads options between commas.
  if (path.size() >= sizeof(sockaddr_un::sun_path) ||
      path.find_first_of(",\"\\ \n") != std::string::npos)
    throw VirtError(fmt::format("QEMU cannot listen at {}", printable(path)), 0,
                    "let the run directory have a short and plain path");
  const std::string said =
      connection.human_monitor(name, fmt::format("gdbserver unix:{},server=on,wait=off", path));
  // QEMU 7.2 prints the same kind of line for both; only a socket that is there is a success.
  if (!std::filesystem::is_socket(socket))
    throw VirtError(fmt::format("QEMU of {} does not listen for a debugger: {}", name,
                                printable(trimmed(said), 200)),
                    0);
}

void stop_gdb(VirtConnection& connection, const std::string& name) {
  connection.human_monitor(name, "gdbserver none");
}

}  // namespace gridlock
