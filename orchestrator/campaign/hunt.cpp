// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/hunt.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/text.h"
#include "campaign/lab_host.h"
#include "campaign/lab_memory.h"
#include "campaign/prepare.h"
#include "campaign/side_by_side.h"
#include "campaign/trace_decoder.h"
#include "campaign/verdict.h"
#include "host/load.h"
#include "host/memory.h"
#include "trial/qt_event_loop.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

/// How often it is looked whether more labs fit. A trial takes seconds to show in the load.
constexpr Milliseconds kGovern{5'000};
constexpr Milliseconds kTell{1'000};
/// run.json of a long hunt is large; what happened since then is lost if Gridlock is killed.
constexpr Milliseconds kSave{10'000};
/// So many trials in a row that broke on our side are a broken host.
constexpr int kMostErrors = 5;

/// Nobody watches the nodes of a single trial.
class Unwatched final : public TrialObserver {
 public:
  void trial_begins(const PlannedTrial&, int) override {}
  void step(const std::string&) override {}
  void node(const PlannedNode&, const std::string&) override {}
  void finding(const FindingRecord&) override {}
  void trial_ends(const TrialRecord&) override {}
};

class Hunt {
 public:
  Hunt(const Plan& plan, const HuntOptions& options, LabHost& host, RunBook& book,
       TraceDecoder& traces, Progress& progress, EventLoop& loop, std::stop_token stop, int cpus)
      : plan_(plan),
        options_(options),
        host_(host),
        book_(book),
        traces_(traces),
        progress_(progress),
        loop_(loop),
        stop_(std::move(stop)),
        room_(room_for_labs(plan, cpus, read_memory().available)) {
    if (options.labs > 0) room_ = {options.labs, options.labs};
  }
  ~Hunt() {
    for (const EventLoop::TimerId timer : timers_) loop_.cancel(timer);
    enough_ = true;
    // Labs may need this loop for their last steps. Whatever else comes up has been told already.
    while (running_ > 0) {
      try {
        loop_.run_until([this] { return running_ == 0; }, Milliseconds{-1}, {});
      } catch (const std::exception&) {
        continue;
      }
    }
  }
  Hunt(const Hunt&) = delete;
  Hunt& operator=(const Hunt&) = delete;

  void run() {
    // All that labs begin with is there before the first one begins.
    for (const PlannedTrial& trial : plan_.trials) host_.source(trial.kernel, trial.start);
    begin_ = loop_.now();
    HuntRecord& record = book_.record().hunt.emplace();
    record.began = loop_.utc();
    record.limit_seconds = std::chrono::duration<double>(options_.limit).count();
    record.until = options_.until;
    progress_.begin(kWhat);
    wanted_ = room_.least;
    add_labs();
    timers_.push_back(loop_.every(kGovern, [this] { govern(); }));
    timers_.push_back(loop_.every(kTell, [this] { tell(); }));
    timers_.push_back(loop_.every(kSave, [this] { save(); }));
    // Each lab's thread ends by itself: every wait in a trial has a deadline and hears the stop.
    loop_.run_until([this] { return running_ == 0 && enough(); }, Milliseconds{-1}, {});
    save();
    progress_.end(kWhat, summary());
    if (failure_) std::rethrow_exception(failure_);
    if (stop_.stop_requested()) throw Cancelled("hunting: " + summary());
    conclude();
  }

 private:
  static constexpr const char* kWhat = "hunt";

  Milliseconds gone() const {
    return std::chrono::duration_cast<Milliseconds>(loop_.now() - begin_);
  }

  bool enough() {
    if (!enough_)
      enough_ = stop_.stop_requested() || failure_ != nullptr ||
                (options_.limit.count() > 0 && gone() >= options_.limit) ||
                (options_.until > 0 && failures_ >= options_.until);
    return enough_;
  }

  void govern() {
    const auto busy = load_.since_last();
    if (running_ == wanted_) wanted_ = labs_from_now(room_, wanted_, busy);
    add_labs();
  }

  /// Starts labs until as many run as are wanted; those that are too many end after their trial.
  void add_labs() {
    for (int number = 1; number <= wanted_ && !enough(); ++number) {
      if (labs_.contains(number)) continue;
      ++running_;
      labs_.emplace(number, std::thread([this, number] { work(number); }));
      HuntRecord& record = *book_.record().hunt;
      record.labs = std::max(record.labs, running_);
    }
  }

  /// One lab after another on a thread of its own.
  void work(int number) {
    std::exception_ptr failure;
    try {
      const auto loop = make_qt_event_loop();
      const LabHost::Place place = place_for(number, *loop);
      while (const auto trial = next_trial(number)) try_once(*trial, place);
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    loop_.post([this, number, failure] {
      labs_.at(number).join();
      labs_.erase(number);
      --running_;
      if (failure && !failure_) failure_ = failure;
    });
  }

  /// Made on the main thread, for a lab's.
  LabHost::Place place_for(int number, EventLoop& loop) {
    std::shared_ptr<LabHost::Place> place;
    std::exception_ptr failure;
    loop_.post([&, number] {
      std::shared_ptr<LabHost::Place> made;
      std::exception_ptr failed;
      try {
        made = std::make_shared<LabHost::Place>(host_.place(number, loop));
      } catch (const Error&) {
        failed = std::current_exception();
      }
      loop.post([&, made, failed] {
        place = made;
        failure = failed;
      });
    });
    loop.run_until([&] { return place || failure; }, Milliseconds{-1}, {});
    if (failure) std::rethrow_exception(failure);
    return std::move(*place);
  }

  std::optional<PlannedTrial> next_trial(int number) {
    const std::lock_guard lock(mutex_);
    if (enough_ || number > wanted_ || stop_.stop_requested()) return std::nullopt;
    if (options_.until > 0 && failures_ >= options_.until) return std::nullopt;
    const auto of_each = static_cast<int>(plan_.trials.size());
    const int index = begun_++;
    PlannedTrial trial = plan_.trials[static_cast<std::size_t>(index % of_each)];
    trial.number = index + 1;
    trial.repetition = index / of_each + 1;
    trial.seed = trial_seed(plan_.seed, trial.name, trial.repetition);
    return trial;
  }

  void try_once(const PlannedTrial& trial, const LabHost::Place& place) {
    std::unique_ptr<TrialWriter> writer;
    {
      const std::lock_guard lock(mutex_);
      writer = book_.writer().begin_trial(trial);
    }
    Unwatched nobody;
    const TrialRecord record = run_trial(
        place.setting(), trial, host_.source(trial.kernel, trial.start), *writer, nobody, stop_);
    if (record.outcome == Outcome::failed) ++failures_;
    // The files of a trial are closed before it is decided whether they stay.
    writer.reset();
    loop_.post([this, record] { ended(record); });
  }

  void ended(TrialRecord record) {
    const std::lock_guard lock(mutex_);
    if (record.outcome == Outcome::interrupted) return book_.writer().discard_trial(record);
    errors_in_a_row_ = record.outcome == Outcome::error ? errors_in_a_row_ + 1 : 0;
    if (is_worth_keeping(record)) {
      traces_.decode(record, book_.writer().directory());
      book_.writer().finish_trial(record);
    } else {
      book_.writer().discard_trial(record);
      record.directory.clear();
    }
    if (errors_in_a_row_ == kMostErrors && !failure_)
      failure_ = std::make_exception_ptr(Error(
          fmt::format("{} trials in a row broke; the last one: {}", kMostErrors, record.reason)));
    book_.record().trials.push_back(std::move(record));
  }

  /// Whether it is among the first few of one of its identities, and says so of one never seen.
  bool is_worth_keeping(const TrialRecord& record) {
    if (record.outcome == Outcome::error) return kept_["error"]++ < options_.keep;
    bool keep = false;
    for (const FindingRecord& finding : record.findings) {
      if (finding.known || finding.secondary || !is_of_kernel(finding)) continue;
      int& kept = kept_[finding.identity];
      if (kept == 0)
        progress_.note(fmt::format("first seen after {}, in trial {}: {}", to_string(gone()),
                                   record.number, printable(finding.title, 200)));
      keep = keep || kept < options_.keep;
      ++kept;
    }
    return keep;
  }

  std::string summary() const {
    return fmt::format("{} trials, {} failed", book_.record().trials.size(), failures_.load());
  }

  void tell() {
    const auto labs = fmt::format("{} side by side, {}", running_, summary());
    if (options_.until > 0)
      progress_.advance(kWhat, std::min<int>(failures_, options_.until), options_.until, labs);
    else
      progress_.advance(kWhat, static_cast<int>(gone() / Milliseconds{1000}),
                        static_cast<int>(options_.limit / Milliseconds{1000}), labs);
  }

  void save() {
    const std::lock_guard lock(mutex_);
    book_.record().hunt->seconds = std::chrono::duration<double>(loop_.now() - begin_).count();
    book_.save();
  }

  void conclude() {
    RunRecord& record = book_.record();
    const auto broke = [&](const TrialRecord& trial) { return trial.outcome == Outcome::error; };
    if (failures_ > 0) {
      record.outcome = Outcome::failed;
      record.exit_code = kExitFindings;
      record.reason = summary();
    } else if (std::all_of(record.trials.begin(), record.trials.end(), broke)) {
      record.outcome = Outcome::error;
      record.exit_code = kExitHost;
      record.reason = record.trials.empty() ? "no trial was run" : record.trials.back().reason;
    } else {
      record.outcome = Outcome::passed;
      record.exit_code = kExitPassed;
    }
  }

  const Plan& plan_;
  const HuntOptions& options_;
  LabHost& host_;
  RunBook& book_;
  TraceDecoder& traces_;  // of the main thread
  Progress& progress_;
  EventLoop& loop_;
  std::stop_token stop_;
  Room room_;
  LoadMeter load_;
  SteadyTime begin_{};
  std::vector<EventLoop::TimerId> timers_;
  // Of the main thread:
  std::map<int, std::thread> labs_;
  int running_ = 0;
  int errors_in_a_row_ = 0;
  std::map<std::string, int> kept_;  // by identity
  std::exception_ptr failure_;
  // Of all:
  std::atomic<bool> enough_ = false;
  std::atomic<int> wanted_ = 1;
  std::atomic<int> failures_ = 0;  // trials that failed
  std::mutex mutex_;               // guards begun_ and the book's writer
  int begun_ = 0;
};

}  // namespace

RunResult hunt(const Plan& plan, const HuntOptions& options, const Installation& installation,
               const HostFacts& host, const std::string& command, CommandRunner& runner,
               Progress& progress, EventLoop& loop, std::stop_token stop) {
  require_memory_here(plan, installation.runs, progress);
  RunBook book(plan, installation, host, command, loop);
  return book.fill([&] {
    const Prepared prepared = prepare(plan, installation, runner, progress, stop);
    book.keep_prepared(plan, prepared);
    LabHost labs(plan, prepared, installation, host, progress, loop, stop);
    book.keep_acceleration(labs.acceleration());
    TraceDecoder traces(prepared.kernels, loop,
                        [&progress](const std::string& line) { progress.note(line); });
    Hunt(plan, options, labs, book, traces, progress, loop, stop, host.cpus).run();
  });
}

}  // namespace gridlock
