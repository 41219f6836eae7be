// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include "agent/child.h"
#include "agent/clock.h"
#include "agent/node.h"
#include "agent/wire.h"

namespace gridlock::agent {
namespace {

constexpr std::size_t kMostHosts = 256;
constexpr std::size_t kEntropyBytes = 32;

using Mac = std::array<unsigned char, 6>;

struct Wanted {
  std::string name;
  in_addr address{};
  int prefix = 24;
  Mac mac{};
  std::int64_t realtime = 0;
  std::string entropy;
  std::string hosts;  ///< text of /etc/hosts
};

/// "52:54:00:47:4c:01" to six bytes of a unicast address.
bool read_mac(std::string_view text, Mac& mac) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const char* const digits = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, mac[i], 16);
    if (error != std::errc{} || end != digits + 2) return false;
    if (i + 1 < mac.size() && text[3 * i + 2] != ':') return false;
  }
  return (mac[0] & 1) == 0;
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

std::string read_hosts(const Json& request, std::string& out) {
  out = "127.0.0.1 localhost\n";
  const auto hosts = request.find("hosts");
  if (hosts == request.end()) return {};
  if (!hosts->is_array() || hosts->size() > kMostHosts) return "identify: hosts must be a list";
  for (const Json& host : *hosts) {
    const std::string name = text_or(host, "name", "");
    const std::string address = text_or(host, "address", "");
    in_addr parsed{};
    if (!is_host_name(name) || ::inet_pton(AF_INET, address.c_str(), &parsed) != 1)
      return "identify: a host needs a name and an IPv4 address";
    out += address + " " + name + "\n";
  }
  return {};
}

/// Credits the bytes and makes the generator use them at once: a node restored from a template
/// would otherwise draw the same numbers as its siblings.
std::string feed_entropy(const std::string& bytes) {
  const Descriptor pool(::open("/dev/urandom", O_RDWR | O_CLOEXEC));
  if (!pool) return failure("/dev/urandom", errno);
  std::vector<int> request(2 + (bytes.size() + sizeof(int) - 1) / sizeof(int));
  request[0] = static_cast<int>(bytes.size() * 8);
  request[1] = static_cast<int>(bytes.size());
  std::memcpy(&request[2], bytes.data(), bytes.size());
  if (::ioctl(pool.get(), RNDADDENTROPY, request.data()) != 0)
    return failure("adding entropy", errno);
  if (::ioctl(pool.get(), RNDRESEEDCRNG) != 0) return failure("using new entropy", errno);
  return {};
}

/// The name of the first interface with an Ethernet address.
std::string first_interface(int socket) {
  struct Names {
    struct if_nameindex* list = ::if_nameindex();
    ~Names() {
      if (list != nullptr) ::if_freenameindex(list);
    }
  } names;
  for (const auto* entry = names.list; entry != nullptr && entry->if_index != 0; ++entry) {
    ifreq request{};
    std::strncpy(request.ifr_name, entry->if_name, IFNAMSIZ - 1);
    if (::ioctl(socket, SIOCGIFHWADDR, &request) == 0 &&
        request.ifr_hwaddr.sa_family == ARPHRD_ETHER)
      return entry->if_name;
  }
  return {};
}

void put_address(sockaddr& out, in_addr address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr = address;
  std::memcpy(&out, &in, sizeof in);
}

std::string set_up_interface(const Wanted& wanted) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string name = first_interface(socket.get());
  if (name.empty()) return "identify: there is no network interface";
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, wanted.mac.data(), wanted.mac.size());
  if (::ioctl(socket.get(), SIOCSIFHWADDR, &request) != 0) return failure(name + ": MAC", errno);
  put_address(request.ifr_addr, wanted.address);
  if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0) return failure(name + ": address", errno);
  put_address(request.ifr_netmask, {htonl(~std::uint32_t{0} << (32 - wanted.prefix))});
  if (::ioctl(socket.get(), SIOCSIFNETMASK, &request) != 0)
    return failure(name + ": prefix", errno);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return failure(name, errno);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return failure(name + ": up", errno);
  return {};
}

std::string set_clock(std::int64_t realtime) {
  const timespec time{realtime / kNanosecondsPerSecond, realtime % kNanosecondsPerSecond};
  return ::clock_settime(CLOCK_REALTIME, &time) == 0 ? "" : failure("clock", errno);
}

/// `realtime` and `entropy`, the same in both requests.
std::string read_moment(const Json& request, Wanted& out) {
  const std::string kind = text_or(request, "request", "");
  out.realtime = integer_or(request, "realtime", 0);
  if (out.realtime <= 0) return kind + ": realtime must be nanoseconds since 1970";
  const auto entropy = wire::from_base64(text_or(request, "entropy", ""));
  if (!entropy || entropy->size() < kEntropyBytes || entropy->size() > 512)
    return kind + ": entropy must be base64 of at least 32 bytes";
  out.entropy = *entropy;
  return {};
}

std::string read_request(const Json& request, Wanted& out) {
  if (integer_or(request, "node", 0) < 1) return "identify: node must be a number from 1";
  out.name = text_or(request, "name", "");
  if (!is_host_name(out.name)) return "identify: name is not a host name";
  if (::inet_pton(AF_INET, text_or(request, "address", "").c_str(), &out.address) != 1)
    return "identify: address is not an IPv4 address";
  const std::int64_t prefix = integer_or(request, "prefix", 24);
  if (prefix < 1 || prefix > 30) return "identify: prefix must be from 1 to 30";
  out.prefix = static_cast<int>(prefix);
  if (!read_mac(text_or(request, "mac", ""), out.mac)) return "identify: mac is not a unicast MAC";
  if (std::string wrong = read_moment(request, out); !wrong.empty()) return wrong;
  return read_hosts(request, out.hosts);
}

}  // namespace

std::string identify(const Json& request, bool apply) {
  Wanted wanted;
  if (std::string wrong = read_request(request, wanted); !wrong.empty()) return wrong;
  if (!apply) return "identify: only the init of a node takes an identity";
  if (::sethostname(wanted.name.c_str(), wanted.name.size()) != 0)
    return failure("host name", errno);
  if (std::string wrong = set_clock(wanted.realtime); !wrong.empty()) return wrong;
  if (std::string wrong = feed_entropy(wanted.entropy); !wrong.empty()) return wrong;
  write_file("/etc/hosts", wanted.hosts, 0644, O_CREAT | O_TRUNC);
  write_file("/etc/hostname", wanted.name + "\n", 0644, O_CREAT | O_TRUNC);
  return set_up_interface(wanted);
}

std::string refresh(const Json& request, bool apply) {
  Wanted wanted;
  if (std::string wrong = read_moment(request, wanted); !wrong.empty()) return wrong;
  if (!apply) return "refresh: only in a node";
  if (std::string wrong = feed_entropy(wanted.entropy); !wrong.empty()) return wrong;
  return set_clock(wanted.realtime);
}

}  // namespace gridlock::agent
