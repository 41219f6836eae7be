// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/prove_kvm.h"

#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include "base/text.h"
#include "machine/kvm_device.h"
#include "machine/libvirt_hypervisor.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kLook{20};
/// Starting and ending a machine are bounded by libvirt and by destroy(); this is only the net.
constexpr Milliseconds kCallLimit{60'000};

/// Removes what the proof wrote, however it ends.
struct Scratch {
  fs::path log;
  fs::path socket;
  ~Scratch() {
    std::error_code ignored;
    fs::remove(log, ignored);
    fs::remove(socket, ignored);
  }
};

struct Answer {
  bool came = false;
  std::exception_ptr error;
};

/// Waits for the answer of one of the hypervisor's calls.
template <class Call>
std::exception_ptr finish(EventLoop& loop, std::stop_token stop, Call call) {
  // The answer may come after this function has given up.
  const auto answer = std::make_shared<Answer>();
  call([answer](std::exception_ptr error) {
    answer->came = true;
    answer->error = std::move(error);
  });
  switch (loop.run_until([answer] { return answer->came; }, kCallLimit, std::move(stop))) {
    case Waited::done:
      return answer->error;
    case Waited::stopped:
      return std::make_exception_ptr(Cancelled("trying KVM"));
    case Waited::deadline:
      break;
  }
  return std::make_exception_ptr(
      Error(fmt::format("libvirt did not answer within {}", to_string(kCallLimit))));
}

std::string content_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// What the guest had printed by the deadline, for the reason.
std::string silence(const std::string& console) {
  if (trimmed(console).empty()) return "it printed nothing";
  return fmt::format("it only printed \"{}\"", printable(last_lines(console, 1).back(), 80));
}

AccelerationChoice tcg(std::string why) { return {Acceleration::tcg, std::move(why)}; }

}  // namespace

AccelerationChoice prove_kvm(Hypervisor& hypervisor, EventLoop& loop, const fs::path& kernel,
                             const fs::path& scratch, Milliseconds limit, std::stop_token stop) {
  const QemuUser user = qemu_user();
  if (const std::error_code error = kvm_access(user))
    return tcg(fmt::format("KVM cannot be used: {} for user {}: {}", kKvmDevice, user.name,
                           error.message()));
  return boot_under_kvm(hypervisor, loop, kernel, scratch, limit, std::move(stop));
}

AccelerationChoice boot_under_kvm(Hypervisor& hypervisor, EventLoop& loop, const fs::path& kernel,
                                  const fs::path& scratch, Milliseconds limit,
                                  std::stop_token stop) {
  const Scratch files{scratch / "kvm.log", scratch / "kvm.con"};
  MachineSpec spec;
  spec.name = "gl-kvm";
  spec.acceleration = Acceleration::kvm;
  spec.memory = Bytes::mib(256);
  spec.kernel = kernel;
  spec.command_line = "console=ttyS0 earlyprintk=ttyS0 panic=-1";
  spec.console_log = files.log;
  spec.console_socket = files.socket;

  const auto end = [&] {
    // Also after a request to stop: nothing may be left.
    return finish(loop, {}, [&](Hypervisor::Done done) { hypervisor.destroy(spec.name, done); });
  };
  const auto began = loop.now();
  if (const auto error = finish(
          loop, stop, [&](Hypervisor::Done done) { hypervisor.start(spec, std::move(done)); })) {
    end();
    try {
      std::rethrow_exception(error);
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& failure) {
      return tcg(fmt::format("KVM cannot be used: {}", printable(failure.what(), 240)));
    }
  }

  std::string console;
  const auto timer = loop.every(kLook, [&] { console = content_of(files.log); });
  const Waited waited = loop.run_until(
      [&] { return console.find("Linux version") != std::string::npos; }, limit, stop);
  loop.cancel(timer);
  const auto took = std::chrono::duration_cast<Milliseconds>(loop.now() - began);
  if (const auto error = end()) std::rethrow_exception(error);
  if (waited == Waited::stopped) throw Cancelled("trying KVM");
  if (waited == Waited::deadline)
    return tcg(fmt::format("KVM was tried with this kernel for {} and {}", to_string(limit),
                           silence(console)));
  return {Acceleration::kvm,
          fmt::format("KVM runs this kernel: first line after {}", to_string(took))};
}

}  // namespace gridlock
