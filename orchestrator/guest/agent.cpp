// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/agent.h"

#include <algorithm>
#include <utility>

#include "agent/wire.h"
#include "base/json.h"
#include "base/text.h"

namespace gridlock {
namespace {

/// An answer that takes longer is not coming; the waits of a trial have their own deadlines.
constexpr Milliseconds kAnswerLimit{60'000};
/// Pings for a clock offset; the best of them counts.
constexpr int kClockPings = 8;
/// What the agent adds to a list of tasks that could not be read to its end.
constexpr std::size_t kTasksNote = 256;
constexpr std::size_t kMostText = 1024;  ///< bytes kept of a text the node sent

std::string short_text(const Json& message, std::string_view key) {
  return printable(text_or(message, key, ""), kMostText);
}

/// A number from 0 to 2^31 − 1.
std::optional<int> small_number(const Json& message, std::string_view key) {
  const std::int64_t value = integer_or(message, key, -1);
  if (value < 0 || value > 0x7fffffff) return std::nullopt;
  return static_cast<int>(value);
}

class ChannelAgent final : public Agent {
 public:
  ChannelAgent(std::unique_ptr<LineChannel> channel, EventLoop& loop)
      : loop_(loop), channel_(std::move(channel)) {
    channel_->on_bytes([this](std::string_view bytes) {
      splitter_.add(bytes, [this](std::string_view text) { line(text); });
    });
    channel_->on_lost([this](const std::string& why) { lose(why); });
    // A node restored from a template said hello long ago.
    ask({{"request", "hello"}}, [](const Json&, const Reply&) {});
  }
  ChannelAgent(const ChannelAgent&) = delete;
  ChannelAgent& operator=(const ChannelAgent&) = delete;
  ~ChannelAgent() override {
    for (const auto& [id, pending] : pending_) loop_.cancel(pending.timer);
    for (const auto& [number, measuring] : measuring_) loop_.cancel(measuring->timer);
  }

  const std::optional<Hello>& hello() const override { return hello_; }
  std::optional<SteadyTime> last_heard() const override { return last_heard_; }
  const std::string& lost() const override { return lost_; }
  std::uint64_t garbage() const override { return garbage_ + splitter_.too_long(); }

  void identify(const Identity& identity, Answer answer) override {
    Json hosts = Json::array();
    for (const auto& [name, address] : identity.hosts)
      hosts.push_back({{"name", name}, {"address", address}});
    ask({{"request", "identify"},
         {"node", identity.node.number},
         {"name", identity.name},
         {"address", identity.address},
         {"prefix", 24},
         {"mac", identity.mac},
         {"realtime", identity.realtime.count()},
         {"entropy", wire::to_base64(identity.entropy)},
         {"hosts", hosts}},
        plain(std::move(answer)));
  }

  void refresh(std::chrono::nanoseconds realtime, const std::string& entropy,
               Answer answer) override {
    ask({{"request", "refresh"},
         {"realtime", realtime.count()},
         {"entropy", wire::to_base64(entropy)}},
        plain(std::move(answer)));
  }

  void adopt(JobId job, JobHandlers handlers) override {
    last_job_ = std::max(last_job_, job);
    jobs_.insert_or_assign(job, std::move(handlers));
  }

  JobId run(const Job& job, JobHandlers handlers) override {
    const JobId id = ++last_job_;
    jobs_.emplace(id, std::move(handlers));
    Json request{{"request", "run"}, {"process", id}, {"argv", job.argv}};
    if (!job.environment.empty()) request["env"] = job.environment;
    if (!job.input.empty()) request["input"] = wire::to_base64(job.input);
    if (job.at) request["at"] = job.at->count();
    if (job.terminal) request["terminal"] = members_of(*job.terminal);
    if (job.more_input) request["more_input"] = true;
    ask(std::move(request), [this, id](const Json&, const Reply& reply) {
      // A lost agent ends no job: nobody knows how it ended.
      if (!reply.ok() && lost_.empty()) end_job(id, {{}, {}, reply.error});
    });
    return id;
  }

  JobId last_job() const override { return last_job_; }

  void signal(JobId job, int number) override {
    ask({{"request", "signal"}, {"process", job}, {"signal", number}},
        [](const Json&, const Reply&) {});
  }

  void write(JobId job, std::string_view bytes,
             std::function<void(const Reply&, std::size_t)> answer) override {
    const std::size_t most = bytes.size();
    ask({{"request", "write"}, {"process", job}, {"data", wire::to_base64(bytes)}},
        [most, answer = std::move(answer)](const Json& message, const Reply& reply) {
          const auto taken = static_cast<std::uint64_t>(integer_or(message, "taken", 0));
          if (answer) answer(reply, reply.ok() ? std::min<std::size_t>(taken, most) : 0);
        });
  }

  void close_input(JobId job) override {
    ask({{"request", "close"}, {"process", job}}, [](const Json&, const Reply&) {});
  }

  void resize(JobId job, const TerminalSize& size, Answer answer) override {
    Json request = members_of(size);
    request["request"] = "resize";
    request["process"] = job;
    ask(std::move(request), plain(std::move(answer)));
  }

  void tasks(JobId job, Answer answer) override {
    ask({{"request", "tasks"}, {"process", job}},
        [this, answer = std::move(answer)](const Json& message, const Reply& reply) {
          Reply told = reply;
          if (told.ok()) told = text_of(message, wire::kTasksLimit + kTasksNote, "tasks");
          if (answer) answer(told);
        });
  }

  void forget(JobId job) override { jobs_.erase(job); }

  void put(const std::string& path, std::string_view data, int mode, Answer answer) override {
    put_part(path, std::make_shared<const std::string>(data), 0, mode, std::move(answer));
  }

  void append(const std::string& path, std::string_view data, int mode, Answer answer) override {
    ask(put_request(path, data, mode, true), plain(std::move(answer)));
  }

  void get(const std::string& path, std::size_t limit, Answer answer) override {
    get_rest(path, limit, std::make_shared<std::string>(), std::move(answer));
  }

  void sysrq(char key, Answer answer) override {
    ask({{"request", "sysrq"}, {"key", std::string(1, key)}}, plain(std::move(answer)));
  }

  void power_off() override {
    ask({{"request", "poweroff"}}, [](const Json&, const Reply&) {});
  }

  void on_barrier(std::function<void(const BarrierEvent&)> handler) override {
    on_barrier_ = std::move(handler);
  }

  void release(const BarrierAnswer& answer) override {
    Json request{{"request", "release"}, {"barrier", answer.barrier}, {"waiters", answer.waiters}};
    if (answer.error.empty())
      request["at"] = answer.at.count();
    else
      request["error"] = answer.error;
    ask(std::move(request), [](const Json&, const Reply&) {});
  }

  void measure_clock(Milliseconds limit,
                     std::function<void(std::optional<ClockOffset>)> done) override {
    auto measuring = std::make_unique<Measuring>();
    measuring->done = std::move(done);
    const std::uint64_t number = ++last_measuring_;
    measuring->timer = loop_.after(limit, [this, number] { end_measuring(number); });
    measuring_.emplace(number, std::move(measuring));
    ping(number);
  }

 private:
  using Handler = std::function<void(const Json& message, const Reply& reply)>;

  /// Hears an answer after which another comes; false ends the request with an error.
  using Part = std::function<bool(const Json& message)>;

  struct Pending {
    Handler handler;
    EventLoop::TimerId timer;
    Part part;
  };
  struct Measuring {
    std::function<void(std::optional<ClockOffset>)> done;
    std::optional<ClockOffset> best;
    int answered = 0;
    EventLoop::TimerId timer = 0;
  };

  static Handler plain(Answer answer) {
    return [answer = std::move(answer)](const Json&, const Reply& reply) {
      if (answer) answer(reply);
    };
  }

  void ask(Json request, Handler handler, Part part = {}) {
    const std::uint64_t id = ++last_request_;
    request["id"] = id;
    const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::string wrong = lost_.empty() ? "" : "the agent is lost: " + lost_;
    if (wrong.empty() && text.size() > wire::kLineLimit)
      wrong = "the request is longer than a line may be";
    const EventLoop::TimerId timer =
        wrong.empty() ? expire(id) : loop_.after(Milliseconds{0}, [this, id, wrong] {
          finish(id, {}, {wrong, {}});
        });
    pending_.emplace(id, Pending{std::move(handler), timer, std::move(part)});
    if (wrong.empty()) channel_->send(text + "\n");
  }

  EventLoop::TimerId expire(std::uint64_t id) {
    return loop_.after(kAnswerLimit, [this, id] {
      finish(id, {}, {"no answer in " + to_string(kAnswerLimit), {}});
    });
  }

  void finish(std::uint64_t id, const Json& message, const Reply& reply) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return;
    const Pending pending = std::move(found->second);
    pending_.erase(found);
    loop_.cancel(pending.timer);
    pending.handler(message, reply);
  }

  static Json put_request(const std::string& path, std::string_view data, int mode, bool append) {
    return {{"request", "put"},
            {"path", path},
            {"data", wire::to_base64(data)},
            {"mode", mode},
            {"append", append}};
  }

  void put_part(const std::string& path, std::shared_ptr<const std::string> data, std::size_t sent,
                int mode, Answer answer) {
    const std::string_view part = std::string_view(*data).substr(sent, wire::kGetLimit);
    const std::size_t next = sent + wire::kGetLimit;
    ask(put_request(path, part, mode, sent > 0),
        [this, path, data, next, mode, answer = std::move(answer)](const Json&,
                                                                   const Reply& reply) {
          if (!reply.ok() || next >= data->size()) {
            if (answer) answer(reply);
            return;
          }
          put_part(path, data, next, mode, answer);
        });
  }

  static Json members_of(const TerminalSize& size) {
    return {{"rows", size.rows}, {"columns", size.columns}};
  }

  /// The text an answer brought, at most `limit` bytes.
  Reply text_of(const Json& message, std::size_t limit, const std::string& request) {
    auto data = wire::from_base64(text_or(message, "data", ""));
    if (data && data->size() <= limit) return {{}, std::move(*data)};
    ++garbage_;
    return {"the agent's answer to " + request + " is not readable", {}};
  }

  /// Asks for what follows `held`. An agent that knows of `whole` sends all of it, another one
  /// piece, and is asked again.
  void get_rest(const std::string& path, std::size_t limit, std::shared_ptr<std::string> held,
                Answer answer) {
    Json request{{"request", "get"},
                 {"path", path},
                 {"offset", held->size()},
                 {"limit", limit - held->size()},
                 {"whole", true}};
    const auto take = [this, limit, held](const Json& message) {
      Reply part = text_of(message, std::min(wire::kGetLimit, limit - held->size()), "get");
      held->append(part.data);
      part.data.clear();
      return part;
    };
    ask(
        std::move(request),
        [this, path, limit, held, take, answer = std::move(answer)](const Json& message,
                                                                    const Reply& reply) {
          const std::size_t before = held->size();
          const Reply all = reply.ok() ? take(message) : reply;
          const bool grew = held->size() > before;
          if (all.ok() && grew && !flag_or(message, "end", true) && held->size() < limit)
            return get_rest(path, limit, held, answer);
          if (answer) answer({all.error, all.ok() ? std::move(*held) : std::string()});
        },
        // A piece that is empty or wrong would let a node go on for ever.
        [held, take](const Json& message) {
          const std::size_t before = held->size();
          return take(message).ok() && held->size() > before;
        });
  }

  void ping(std::uint64_t number) {
    const SteadyTime sent = loop_.now();
    ask({{"request", "ping"}}, [this, number, sent](const Json& message, const Reply& reply) {
      const auto found = measuring_.find(number);
      if (found == measuring_.end()) return;
      Measuring& measuring = *found->second;
      const std::int64_t guest = integer_or(message, "monotonic", -1);
      if (!reply.ok() || guest < 0) return end_measuring(number);
      const auto half = std::chrono::nanoseconds(loop_.now() - sent) / 2;
      const auto host = std::chrono::nanoseconds((sent + half).time_since_epoch());
      if (!measuring.best || half < measuring.best->uncertainty)
        measuring.best = ClockOffset{std::chrono::nanoseconds(guest) - host, half};
      if (++measuring.answered == kClockPings) return end_measuring(number);
      ping(number);
    });
  }

  void end_measuring(std::uint64_t number) {
    const auto found = measuring_.find(number);
    if (found == measuring_.end()) return;
    const std::unique_ptr<Measuring> measuring = std::move(found->second);
    measuring_.erase(found);
    loop_.cancel(measuring->timer);
    measuring->done(measuring->best);
  }

  void line(std::string_view text) {
    const auto message = parse_json(text);
    if (!message || !message->is_object() || !understand(*message)) {
      ++garbage_;
      return;
    }
    last_heard_ = loop_.now();
  }

  bool understand(const Json& message) {
    if (message.contains("id")) return answered(message);
    const std::string event = text_or(message, "event", "");
    if (event == "heartbeat") return true;
    if (event == "hello") return greeted(message);
    if (event == "output") return heard(message);
    if (event == "exit") return ended(message);
    if (event == "barrier") return at_barrier(message);
    return false;
  }

  bool answered(const Json& message) {
    const std::int64_t id = integer_or(message, "id", -1);
    const auto ok = message.find("ok");
    if (id < 0 || ok == message.end() || !ok->is_boolean()) return false;
    const auto found = pending_.find(static_cast<std::uint64_t>(id));
    if (found == pending_.end()) return false;
    Pending& pending = found->second;
    if (pending.part && ok->get<bool>() && flag_or(message, "more", false)) {
      if (pending.part(message)) {
        loop_.cancel(pending.timer);
        pending.timer = expire(found->first);
      } else {
        finish(found->first, {}, {"the agent's answer is not readable", {}});
      }
      return true;
    }
    Reply reply;
    if (!ok->get<bool>()) {
      reply.error = short_text(message, "error");
      if (reply.error.empty()) reply.error = "the agent gave no reason";
    }
    finish(static_cast<std::uint64_t>(id), message, reply);
    return true;
  }

  bool greeted(const Json& message) {
    if (integer_or(message, "protocol", 0) != wire::kProtocol) return false;
    hello_ = Hello{short_text(message, "boot_id"), short_text(message, "kernel"),
                   short_text(message, "version")};
    return true;
  }

  bool heard(const Json& message) {
    const std::int64_t process = integer_or(message, "process", -1);
    const std::string stream = text_or(message, "stream", "");
    const auto data = wire::from_base64(text_or(message, "data", ""));
    if (process < 0 || !data || (stream != "stdout" && stream != "stderr")) return false;
    const auto job = jobs_.find(static_cast<JobId>(process));
    if (job == jobs_.end()) return true;
    // A copy: the handler may forget the job.
    const auto handler = stream == "stdout" ? job->second.on_output : job->second.on_errors;
    if (handler) handler(*data);
    return true;
  }

  bool ended(const Json& message) {
    const std::int64_t process = integer_or(message, "process", -1);
    if (process < 0) return false;
    JobEnd end{small_number(message, "status"), small_number(message, "signal"),
               short_text(message, "error")};
    if (!end.status && !end.signal && end.error.empty()) return false;
    end_job(static_cast<JobId>(process), end);
    return true;
  }

  bool at_barrier(const Json& message) {
    const std::int64_t waiter = integer_or(message, "waiter", -1);
    const BarrierEvent event{text_or(message, "barrier", ""), static_cast<std::uint64_t>(waiter),
                             flag_or(message, "gone", false)};
    if (waiter < 0 || !wire::is_barrier_name(event.barrier)) return false;
    // A copy: the handler may end the hearing.
    if (const auto handler = on_barrier_) handler(event);
    return true;
  }

  void end_job(JobId id, const JobEnd& end) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    const JobHandlers handlers = std::move(found->second);
    jobs_.erase(found);
    if (handlers.on_end) handlers.on_end(end);
  }

  void lose(const std::string& why) {
    lost_ = why.empty() ? "the connection ended" : why;
    while (!pending_.empty())
      finish(pending_.begin()->first, {}, {"the agent is lost: " + lost_, {}});
  }

  EventLoop& loop_;
  wire::LineSplitter splitter_;
  std::optional<Hello> hello_;
  std::optional<SteadyTime> last_heard_;
  std::string lost_;
  std::uint64_t garbage_ = 0;
  std::uint64_t last_request_ = 0;
  std::uint64_t last_measuring_ = 0;
  JobId last_job_ = 0;
  std::map<std::uint64_t, Pending> pending_;
  std::map<JobId, JobHandlers> jobs_;
  std::function<void(const BarrierEvent&)> on_barrier_;
  std::map<std::uint64_t, std::unique_ptr<Measuring>> measuring_;
  std::unique_ptr<LineChannel> channel_;
};

}  // namespace

std::unique_ptr<Agent> make_agent(std::unique_ptr<LineChannel> channel, EventLoop& loop) {
  return std::make_unique<ChannelAgent>(std::move(channel), loop);
}

}  // namespace gridlock
