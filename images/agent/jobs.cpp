// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/jobs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "agent/child.h"
#include "agent/clock.h"
#include "agent/terminal.h"
#include "agent/wire.h"

namespace gridlock::agent {
namespace {

constexpr std::size_t kMostJobs = 256;
constexpr std::size_t kChunk = 32 * 1024;
/// Reads of one stream before the others have their turn.
constexpr int kChunksPerTurn = 8;
/// What may wait for a job that does not read its input.
constexpr std::size_t kMostInput = 128 * 1024;
constexpr std::uint64_t kDefaultOutputLimit = std::uint64_t{64} << 20;
/// A grandchild may keep a pipe open after the program has ended: the job is over when the pipe
/// was silent for the first time, or after the second whatever is said.
constexpr std::int64_t kSilence = 250'000'000;
constexpr std::int64_t kLastWords = 5 * kNanosecondsPerSecond;

struct Request {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string directory;
  std::string input;
  bool more_input = false;
  std::optional<TerminalSize> terminal;
  std::optional<std::int64_t> at;
};

/// What a job's program gets as 0, 1 and 2, and our ends of it.
struct Standard {
  Descriptor input;
  Descriptor output;
  Descriptor errors;
  Descriptor our_input;  ///< if more may be written
  Descriptor our_output;
  Descriptor our_errors;  ///< empty: both come by our_output
};

std::string read_request(const Json& request, Request& out) {
  const auto argv = request.find("argv");
  if (argv == request.end() || !argv->is_array() || argv->empty())
    return "run: argv must be a list with at least one text";
  for (const Json& argument : *argv) {
    if (!argument.is_string()) return "run: argv must hold texts only";
    out.argv.push_back(argument.get<std::string>());
  }
  std::map<std::string, std::string> environment{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", "/root"},
      {"LC_ALL", "C"}};
  if (const auto env = request.find("env"); env != request.end()) {
    if (!env->is_object()) return "run: env must be an object";
    for (const auto& [name, value] : env->items()) {
      if (!value.is_string()) return "run: env must hold texts only";
      environment[name] = value.get<std::string>();
    }
  }
  for (const auto& [name, value] : environment) out.environment.push_back(name + "=" + value);
  out.directory = text_or(request, "directory", "/");
  const auto input = wire::from_base64(text_or(request, "input", ""));
  if (!input) return "run: input is not base64";
  out.input = *input;
  out.more_input = flag_or(request, "more_input", false);
  if (const auto terminal = request.find("terminal"); terminal != request.end()) {
    TerminalSize size;
    const std::string wrong = read_terminal_size(*terminal, size);
    if (!wrong.empty()) return "run: terminal: " + wrong;
    out.terminal = size;
  }
  if (request.contains("at")) {
    const std::int64_t at = integer_or(request, "at", -1);
    if (at < 0) return "run: at must be nanoseconds of CLOCK_MONOTONIC";
    out.at = at;
  }
  return {};
}

/// A file in memory holds the input, so that nobody has to feed a pipe.
Descriptor input_file(const std::string& bytes) {
  if (bytes.empty()) return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (!file ||
      ::pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::system_error(errno, std::generic_category(), "input");
  return file;
}

Descriptor duplicate(const Descriptor& of) {
  Descriptor made(::fcntl(of.get(), F_DUPFD_CLOEXEC, 3));
  if (!made) throw std::system_error(errno, std::generic_category(), "dup");
  return made;
}

Standard make_standard(const Request& request) {
  Standard standard;
  if (request.terminal) {
    Terminal terminal = make_terminal(*request.terminal);
    standard.output = duplicate(terminal.jobs);
    standard.errors = duplicate(terminal.jobs);
    standard.input = std::move(terminal.jobs);
    standard.our_input = duplicate(terminal.ours);
    standard.our_output = std::move(terminal.ours);
    return standard;
  }
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  standard.output = std::move(output.writer);
  standard.errors = std::move(errors.writer);
  standard.our_output = std::move(output.reader);
  standard.our_errors = std::move(errors.reader);
  if (!request.more_input) {
    standard.input = input_file(request.input);
    return standard;
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  standard.input = Descriptor(ends[0]);
  standard.our_input = Descriptor(ends[1]);
  if (::fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "fcntl");
  return standard;
}

/// Waits for the instant. In the child: the agent itself waits for nothing.
void wait_until(std::int64_t at) {
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec when{};
  when.it_value.tv_sec = at / kNanosecondsPerSecond;
  when.it_value.tv_nsec = std::max<std::int64_t>(1, at % kNanosecondsPerSecond);
  std::uint64_t fired = 0;
  if (::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) return;
  while (::read(timer.get(), &fired, sizeof fired) < 0 && errno == EINTR) continue;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void run_program(Request& request, const Standard& standard, int failed) {
  become_ordinary();
  if (request.terminal) take_terminal(standard.input.get());
  std::vector<char*> argv = pointers(request.argv);
  std::vector<char*> environment = pointers(request.environment);
  if (request.at) wait_until(*request.at);
  std::string why;
  if (::dup2(standard.input.get(), 0) < 0 || ::dup2(standard.output.get(), 1) < 0 ||
      ::dup2(standard.errors.get(), 2) < 0)
    why = failure("dup2", errno);
  else if (::chdir(request.directory.c_str()) != 0)
    why = failure(request.directory, errno);
  if (why.empty()) {
    // The program is searched for in the PATH it will see, not in ours.
    ::environ = environment.data();
    ::execvp(argv[0], argv.data());
    why = failure(request.argv[0], errno);
  }
  // If even this fails there is nobody left to tell; the exit status says something went wrong.
  const ssize_t told = ::write(failed, why.data(), why.size());
  ::_exit(told < 0 ? 126 : 127);
}

}  // namespace

std::string Jobs::start(const Json& message) {
  const std::int64_t number = integer_or(message, "process", -1);
  if (number < 0) return "run: process must be a number";
  const auto process = static_cast<std::uint64_t>(number);
  if (jobs_.contains(process)) return "run: there is a process " + std::to_string(process);
  if (jobs_.size() >= kMostJobs) return "run: too many processes";
  Request request;
  if (std::string wrong = read_request(message, request); !wrong.empty()) return wrong;
  const std::int64_t limit = integer_or(message, "output_limit", -1);

  Standard standard = make_standard(request);
  Pipe failed = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) return failure("run: fork", errno);
  if (pid == 0) run_program(request, standard, failed.writer.get());
  Job job;
  job.process = process;
  job.pid = pid;
  job.failure = std::move(failed.reader);
  job.streams.push_back({"stdout", std::move(standard.our_output)});
  if (standard.our_errors) job.streams.push_back({"stderr", std::move(standard.our_errors)});
  job.terminal = request.terminal.has_value();
  job.input = std::move(standard.our_input);
  if (job.input) job.waiting = request.input;
  job.output_limit = limit >= 0 ? static_cast<std::uint64_t>(limit) : kDefaultOutputLimit;
  jobs_.emplace(process, std::move(job));
  return {};
}

std::string Jobs::signal(const Json& request) {
  const std::int64_t process = integer_or(request, "process", -1);
  const std::int64_t number = integer_or(request, "signal", -1);
  if (number < 1 || number > SIGRTMAX) return "signal: no such signal";
  const auto job = jobs_.find(static_cast<std::uint64_t>(process));
  if (process < 0 || job == jobs_.end() || job->second.status) return "signal: no such process";
  const bool group = flag_or(request, "group", true);
  const pid_t pid = job->second.pid;
  // The child makes its session itself; before that it has no group to signal.
  if (group && ::kill(-pid, static_cast<int>(number)) == 0) return {};
  if (::kill(pid, static_cast<int>(number)) != 0) return failure("signal", errno);
  return {};
}

Jobs::Job* Jobs::with_input(const Json& request) {
  const std::int64_t process = integer_or(request, "process", -1);
  const auto job = jobs_.find(static_cast<std::uint64_t>(process));
  return process < 0 || job == jobs_.end() || !job->second.input ? nullptr : &job->second;
}

std::string Jobs::write(const Json& request, std::size_t& taken) {
  Job* const job = with_input(request);
  if (job == nullptr || job->input_ends) return "write: no such process, or it takes no input";
  const auto data = wire::from_base64(text_or(request, "data", ""));
  if (!data || data->size() > wire::kWriteLimit)
    return "write: data must be base64 of at most " + std::to_string(wire::kWriteLimit) + " bytes";
  taken = std::min(data->size(), kMostInput - std::min(kMostInput, job->waiting.size()));
  job->waiting.append(*data, 0, taken);
  feed(*job);
  return {};
}

std::string Jobs::close(const Json& request) {
  Job* const job = with_input(request);
  if (job == nullptr) return "close: no such process, or it takes no input";
  job->input_ends = true;
  if (job->terminal) {
    job->waiting.clear();
    // The last descriptor of our end: what the terminal's session hears is a hang-up.
    for (Stream& stream : job->streams) stream.pipe.reset();
  }
  feed(*job);
  return {};
}

std::string Jobs::resize(const Json& request) {
  const Job* const job = with_input(request);
  if (job == nullptr || !job->terminal) return "resize: no such process, or it has no terminal";
  TerminalSize size;
  const std::string wrong = read_terminal_size(request, size);
  if (!wrong.empty()) return "resize: " + wrong;
  return resize_terminal(job->input, size);
}

std::optional<std::set<pid_t>> Jobs::sessions(std::int64_t process) const {
  std::set<pid_t> found;
  for (const auto& [number, job] : jobs_)
    if (process == 0 || number == static_cast<std::uint64_t>(process)) found.insert(job.pid);
  if (process != 0 && found.empty()) return std::nullopt;
  return found;
}

void Jobs::feed(Job& job) {
  while (job.input && !job.waiting.empty()) {
    const ssize_t count = ::write(job.input.get(), job.waiting.data(), job.waiting.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    // Nobody reads it any more.
    if (count < 0) job.input_ends = true;
    job.waiting.erase(0, count < 0 ? job.waiting.size() : static_cast<std::size_t>(count));
  }
  if (job.input_ends) job.input.reset();
}

bool Jobs::reaped(pid_t pid, int status) {
  for (auto& [process, job] : jobs_) {
    if (job.pid != pid || job.status) continue;
    job.status = status;
    job.reaped_at = monotonic_now();
    return true;
  }
  return false;
}

void Jobs::watch(std::vector<pollfd>& polled, bool more) const {
  for (const auto& [process, job] : jobs_) {
    if (job.failure) polled.push_back({job.failure.get(), POLLIN, 0});
    if (job.input && !job.waiting.empty()) polled.push_back({job.input.get(), POLLOUT, 0});
    if (!more) continue;
    for (const Stream& stream : job.streams)
      if (stream.pipe) polled.push_back({stream.pipe.get(), POLLIN, 0});
  }
}

void Jobs::forward(Job& job, Stream& stream, Outbox& outbox) {
  std::string chunk(kChunk, '\0');
  for (int turn = 0; turn < kChunksPerTurn && stream.pipe; ++turn) {
    const ssize_t count = ::read(stream.pipe.get(), chunk.data(), chunk.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      stream.pipe.reset();
      return;
    }
    job.heard_at = monotonic_now();
    const auto read = static_cast<std::uint64_t>(count);
    const std::uint64_t room = job.output_limit - std::min(job.output_limit, stream.forwarded);
    const std::uint64_t taken = std::min(read, room);
    const bool sent =
        taken > 0 && outbox.add({{"event", "output"},
                                 {"process", job.process},
                                 {"stream", stream.name},
                                 {"data", wire::to_base64(std::string_view(chunk.data(), taken))}},
                                Outbox::kOutputLimit);
    stream.forwarded += sent ? taken : 0;
    stream.dropped += sent ? read - taken : read;
  }
}

bool Jobs::finished(const Job& job, std::int64_t now) {
  if (!job.status) return false;
  const bool silent = std::all_of(job.streams.begin(), job.streams.end(),
                                  [](const Stream& stream) { return !stream.pipe; });
  return silent || now - std::max(job.reaped_at, job.heard_at) > kSilence ||
         now - job.reaped_at > kLastWords;
}

Json Jobs::exit_event(const Job& job) {
  Json event{{"event", "exit"}, {"process", job.process}, {"status", nullptr}, {"signal", nullptr}};
  const int status = job.status.value_or(0);
  if (!job.error.empty())
    event["error"] = job.error;
  else if (WIFEXITED(status))
    event["status"] = WEXITSTATUS(status);
  else
    event["signal"] = WTERMSIG(status);
  std::uint64_t dropped = 0;
  for (const Stream& stream : job.streams) dropped += stream.dropped;
  event["dropped"] = dropped;
  return event;
}

void Jobs::pump(Outbox& outbox, bool more, std::int64_t now) {
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    Job& job = it->second;
    if (job.failure) {
      std::string text(1024, '\0');
      const ssize_t count = ::read(job.failure.get(), text.data(), text.size());
      if (count > 0) job.error.append(text, 0, static_cast<std::size_t>(count));
      if (count == 0) job.failure.reset();
    }
    feed(job);
    if (more)
      for (Stream& stream : job.streams)
        if (stream.pipe) forward(job, stream, outbox);
    if (more && finished(job, now) && outbox.add(exit_event(job)))
      it = jobs_.erase(it);
    else
      ++it;
  }
}

bool Jobs::ending() const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [](const auto& entry) { return entry.second.status.has_value(); });
}

void Jobs::kill_all() {
  for (const auto& [process, job] : jobs_)
    if (!job.status && ::kill(-job.pid, SIGKILL) != 0) ::kill(job.pid, SIGKILL);
}

}  // namespace gridlock::agent
