// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/qt_event_loop.h"

#include <QAbstractEventDispatcher>
#include <QCoreApplication>
#include <QEventLoop>
#include <QObject>
#include <QSocketNotifier>
#include <QTimer>
#include <exception>
#include <map>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace gridlock {
namespace {

class QtEventLoop final : public EventLoop {
 public:
  QtEventLoop() {
    GRIDLOCK_CHECK(QCoreApplication::instance() != nullptr, "the event loop needs an application");
    // A thread other than the main one gets its dispatcher with its first loop.
    const QEventLoop first;
    const std::string_view dispatcher =
        QAbstractEventDispatcher::instance()->metaObject()->className();
    GRIDLOCK_CHECK(dispatcher.find("Glib") == std::string_view::npos,
                   "keep_qt_off_glib() comes before the application");
  }

  SteadyTime now() const override { return clock_.now(); }
  UtcTime utc() const override { return clock_.utc(); }

  void post(Task task) override {
    QMetaObject::invokeMethod(
        &context_, [this, task = std::move(task)] { guarded(task); }, Qt::QueuedConnection);
  }

  TimerId after(Milliseconds delay, Task task) override {
    return add_timer(delay, true, std::move(task));
  }

  TimerId every(Milliseconds interval, Task task) override {
    return add_timer(interval, false, std::move(task));
  }

  TimerId watch_readable(int descriptor, Task readable) override {
    auto notifier = std::make_unique<QSocketNotifier>(descriptor, QSocketNotifier::Read);
    QObject::connect(notifier.get(), &QSocketNotifier::activated, &context_,
                     [this, task = std::move(readable)] { guarded(task); });
    sources_[++last_] = std::move(notifier);
    return last_;
  }

  void cancel(TimerId id) override {
    const auto it = sources_.find(id);
    if (it == sources_.end()) return;
    if (auto* const notifier = qobject_cast<QSocketNotifier*>(it->second.get()))
      notifier->setEnabled(false);  // its descriptor may be closed next
    // A source may cancel itself from its own handler.
    it->second.release()->deleteLater();
    sources_.erase(it);
  }

  Waited run_until(const std::function<bool()>& condition, Milliseconds limit,
                   std::stop_token stop) override {
    QTimer deadline;
    deadline.setSingleShot(true);
    deadline.setTimerType(Qt::PreciseTimer);
    const SteadyTime begin = now();
    if (limit >= Milliseconds{0}) deadline.start(limit);
    const std::stop_callback wake(stop, [this] { post([] {}); });
    while (true) {
      if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
      if (condition()) return Waited::done;
      if (stop.stop_requested()) return Waited::stopped;
      if (limit >= Milliseconds{0} && now() - begin >= limit) return Waited::deadline;
      QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
      QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
  }

 private:
  TimerId add_timer(Milliseconds interval, bool once, Task task) {
    auto timer = std::make_unique<QTimer>();
    const TimerId id = ++last_;
    timer->setSingleShot(once);
    timer->setTimerType(Qt::PreciseTimer);
    QObject::connect(timer.get(), &QTimer::timeout, &context_,
                     [this, id, once, task = std::move(task)] {
                       const Task keep = task;
                       if (once) cancel(id);
                       guarded(keep);
                     });
    timer->start(interval);
    sources_[id] = std::move(timer);
    return id;
  }

  /// Qt's dispatcher must not be unwound; the exception goes on in run_until.
  void guarded(const Task& task) {
    try {
      task();
    } catch (const std::exception&) {
      if (!failure_) failure_ = std::current_exception();
    }
  }

  SystemClock clock_;
  QObject context_;
  std::map<TimerId, std::unique_ptr<QObject>> sources_;
  TimerId last_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void keep_qt_off_glib() { qputenv("QT_NO_GLIB", "1"); }

std::unique_ptr<EventLoop> make_qt_event_loop() { return std::make_unique<QtEventLoop>(); }

}  // namespace gridlock
