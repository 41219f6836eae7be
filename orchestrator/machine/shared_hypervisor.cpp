// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/shared_hypervisor.h"

#include <mutex>
#include <utility>

namespace gridlock {

/// The way back to a share's loop, as long as there is one.
struct SharedHypervisor::Link {
  std::mutex mutex;  ///< guards `loop`
  EventLoop* loop;
  std::function<void(const MachineEvent&)> handler;  ///< of the share's thread

  explicit Link(EventLoop& to) : loop(&to) {}

  void post(EventLoop::Task task) {
    const std::lock_guard lock(mutex);
    if (loop) loop->post(std::move(task));
  }
};

class SharedHypervisor::Share final : public Hypervisor {
 public:
  Share(Hypervisor& real, EventLoop& real_loop, std::shared_ptr<Link> link)
      : real_(real), real_loop_(real_loop), link_(std::move(link)) {}
  ~Share() override {
    const std::lock_guard lock(link_->mutex);
    link_->loop = nullptr;
  }

  void on_event(std::function<void(const MachineEvent&)> handler) override {
    link_->handler = std::move(handler);
  }

  void start(const MachineSpec& spec, Done done) override {
    real_loop_.post([&real = real_, spec, link = link_, xml = xml_, done = std::move(done)] {
      real.start(spec, [&real, name = spec.name, link, xml, done](std::exception_ptr error) {
        link->post([xml, name, text = real.domain_xml(name), done, error] {
          (*xml)[name] = text;
          done(error);
        });
      });
    });
  }
  void pause(const std::string& name, Done done) override {
    hand_over([name](Hypervisor& real, Done then) { real.pause(name, std::move(then)); }, done);
  }
  void resume(const std::string& name, Done done) override {
    hand_over([name](Hypervisor& real, Done then) { real.resume(name, std::move(then)); }, done);
  }
  void save(const std::string& name, const std::filesystem::path& file, Done done) override {
    hand_over([name, file](Hypervisor& real, Done then) { real.save(name, file, std::move(then)); },
              done);
  }
  void destroy(const std::string& name, Done done) override {
    hand_over([name](Hypervisor& real, Done then) { real.destroy(name, std::move(then)); }, done);
  }
  void inject_nmi(const std::string& name, Done done) override {
    hand_over([name](Hypervisor& real, Done then) { real.inject_nmi(name, std::move(then)); },
              done);
  }
  void dump_memory(const std::string& name, const std::filesystem::path& file, Milliseconds limit,
                   Done done) override {
    hand_over(
        [name, file, limit](Hypervisor& real, Done then) {
          real.dump_memory(name, file, limit, std::move(then));
        },
        done);
  }
  void serve_gdb(const std::string& name, const std::filesystem::path& socket, Done done) override {
    hand_over([name, socket](Hypervisor& real,
                             Done then) { real.serve_gdb(name, socket, std::move(then)); },
              done);
  }
  void stop_gdb(const std::string& name, Done done) override {
    hand_over([name](Hypervisor& real, Done then) { real.stop_gdb(name, std::move(then)); }, done);
  }
  void state(const std::string& name, StateAnswer answer) override {
    ask(&Inspection::state, name, std::move(answer));
  }
  void registers(const std::string& name, TextAnswer answer) override {
    ask(&Inspection::registers, name, std::move(answer));
  }
  void thread_times(const std::string& name, TimesAnswer answer) override {
    ask(&Inspection::thread_times, name, std::move(answer));
  }

  // Reads a file, whatever thread it is on.
  std::string qemu_log(const std::string& name) const override { return real_.qemu_log(name); }

  std::string domain_xml(const std::string& name) const override {
    const auto found = xml_->find(name);
    return found == xml_->end() ? std::string() : found->second;
  }

 private:
  void hand_over(std::function<void(Hypervisor&, Done)> call, const Done& done) {
    real_loop_.post([&real = real_, link = link_, call = std::move(call), done] {
      call(real,
           [link, done](std::exception_ptr error) { link->post([done, error] { done(error); }); });
    });
  }

  template <class Found>
  using Answer = std::function<void(std::exception_ptr, const Found&)>;
  template <class Found>
  void ask(void (Inspection::*question)(const std::string&, Answer<Found>), const std::string& name,
           Answer<Found> answer) {
    real_loop_.post([&real = real_, link = link_, question, name, answer = std::move(answer)] {
      (real.*question)(name, [link, answer](std::exception_ptr error, const Found& found) {
        link->post([answer, error, found] { answer(error, found); });
      });
    });
  }

  Hypervisor& real_;
  EventLoop& real_loop_;
  std::shared_ptr<Link> link_;
  /// What machines were started with; of the share's thread.
  std::shared_ptr<std::map<std::string, std::string>> xml_ =
      std::make_shared<std::map<std::string, std::string>>();
};

SharedHypervisor::SharedHypervisor(Hypervisor& real, EventLoop& loop) : real_(real), loop_(loop) {
  real_.on_event([this](const MachineEvent& event) {
    for (const auto& [prefix, weak] : links_) {
      const std::shared_ptr<Link> link = weak.lock();
      if (!link || !event.machine.starts_with(prefix)) continue;
      link->post([link, event] {
        if (link->handler) link->handler(event);
      });
    }
  });
}

SharedHypervisor::~SharedHypervisor() {
  real_.on_event([](const MachineEvent&) {});
}

std::unique_ptr<Hypervisor> SharedHypervisor::share(EventLoop& loop, const std::string& prefix) {
  const auto link = std::make_shared<Link>(loop);
  links_[prefix] = link;
  return std::make_unique<Share>(real_, loop_, link);
}

}  // namespace gridlock
