// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/chromium.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QByteArray>
#include <stdexcept>

namespace gridlock {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("chromium: " + what); }

}  // namespace

std::optional<std::filesystem::path> find_chromium() {
  for (const char* const path : {"/usr/bin/chromium", "/usr/bin/chromium-browser"})
    if (::access(path, X_OK) == 0) return path;
  return std::nullopt;
}

Chromium::Chromium(const std::filesystem::path& program) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "gridlock-chromium-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail("mkdtemp " + pattern);
  profile_ = pattern;
  int commands[2], answers[2];
  if (::pipe2(commands, O_CLOEXEC) != 0 || ::pipe2(answers, O_CLOEXEC) != 0) fail("pipe2");
  const std::string profile_flag = "--user-data-dir=" + profile_.string();
  const std::vector<const char*> arguments{program.c_str(),
                                           "--headless=new",
                                           "--no-sandbox",
                                           "--disable-gpu",
                                           "--hide-scrollbars",
                                           "--disable-dev-shm-usage",
                                           "--no-first-run",
                                           "--disable-extensions",
                                           "--disable-background-networking",
                                           "--disable-component-update",
                                           "--disable-sync",
                                           "--force-device-scale-factor=1",
                                           "--window-size=1280,800",
                                           profile_flag.c_str(),
                                           "--remote-debugging-pipe",
                                           "about:blank",
                                           nullptr};
  child_ = ::fork();
  if (child_ < 0) fail("fork");
  if (child_ == 0) {
    ::setpgid(0, 0);
    // Chromium reads commands from descriptor 3 and answers on 4. Both are moved up first, so that
    // neither overwrites the other.
    const int in = ::fcntl(commands[0], F_DUPFD, 10), out = ::fcntl(answers[1], F_DUPFD, 10);
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 0);
    ::dup2(null, 1);
    ::dup2(null, 2);
    ::dup2(in, 3);
    ::dup2(out, 4);
    ::close(in);
    ::close(out);
    ::execv(program.c_str(), const_cast<char* const*>(arguments.data()));
    ::_exit(127);
  }
  ::setpgid(child_, child_);
  ::close(commands[0]);
  ::close(answers[1]);
  to_ = commands[1];
  from_ = answers[0];
  const Json target = command("Target.createTarget", {{"url", "about:blank"}});
  session_ =
      command("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}})
          .at("sessionId")
          .get<std::string>();
  for (const char* const domain : {"Page", "Runtime", "Log", "Network"})
    command(std::string(domain) + ".enable");
  command("Emulation.setDeviceMetricsOverride",
          {{"width", 1280}, {"height", 800}, {"deviceScaleFactor", 1}, {"mobile", false}});
}

Chromium::~Chromium() {
  if (child_ > 0) {
    ::kill(-child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  if (to_ >= 0) ::close(to_);
  if (from_ >= 0) ::close(from_);
  std::error_code ignored;
  std::filesystem::remove_all(profile_, ignored);
}

Json Chromium::next_message(std::chrono::steady_clock::time_point deadline) {
  while (true) {
    const std::size_t end = buffer_.find('\0');
    if (end != std::string::npos) {
      Json message = Json::parse(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
      return message;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd wait{from_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0)
      fail("no answer in time");
    char bytes[65536];
    const ssize_t got = ::read(from_, bytes, sizeof bytes);
    if (got <= 0) fail("it has ended");
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
}

void Chromium::note(const Json& message) {
  const std::string method = message.value("method", "");
  const Json parameters = message.value("params", Json::object());
  if (method == "Page.loadEventFired") loaded_ = true;
  if (method == "Runtime.exceptionThrown")
    problems_.push_back(parameters.at("exceptionDetails").dump());
  if (method == "Runtime.consoleAPICalled" && parameters.value("type", "") != "log")
    problems_.push_back(parameters.at("args").dump());
  if (method == "Log.entryAdded") problems_.push_back(parameters.at("entry").dump());
  if (method == "Network.requestWillBeSent") {
    const std::string url = parameters.at("request").value("url", "");
    if (url != opened_) requests_.push_back(url);
  }
}

Json Chromium::command(const std::string& method, Json parameters) {
  const int id = ++last_id_;
  Json message{{"id", id}, {"method", method}, {"params", std::move(parameters)}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string text = message.dump() + '\0';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t put = ::write(to_, text.data() + sent, text.size() - sent);
    if (put <= 0) fail("it takes no commands");
    sent += static_cast<std::size_t>(put);
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const Json answer = next_message(deadline);
    if (answer.value("id", 0) != id) {
      note(answer);
      continue;
    }
    if (answer.contains("error")) fail(method + ": " + answer["error"].dump());
    return answer.at("result");
  }
}

void Chromium::open(const std::filesystem::path& file, Scripts scripts, const std::string& anchor) {
  command("Emulation.setScriptExecutionDisabled", {{"value", scripts == Scripts::off}});
  // A page of the same address would only be scrolled.
  command("Page.navigate", {{"url", "about:blank"}});
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!loaded_) note(next_message(deadline));
  loaded_ = false;
  opened_ = "file://" + std::filesystem::absolute(file).string();
  const Json answer =
      command("Page.navigate", {{"url", opened_ + (anchor.empty() ? "" : "#" + anchor)}});
  if (answer.contains("errorText")) fail(opened_ + ": " + answer["errorText"].get<std::string>());
  while (!loaded_) note(next_message(deadline));
  loaded_ = false;
}

Json Chromium::evaluate(const std::string& expression) {
  const Json answer =
      command("Runtime.evaluate",
              {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
  if (answer.contains("exceptionDetails")) fail(answer["exceptionDetails"].dump());
  return answer.at("result").value("value", Json());
}

void Chromium::emulate(const std::string& medium, const std::string& scheme) {
  command("Emulation.setEmulatedMedia",
          {{"media", medium},
           {"features", Json::array({{{"name", "prefers-color-scheme"}, {"value", scheme}}})}});
}

std::string Chromium::screenshot(Extent extent) {
  const Json answer =
      command("Page.captureScreenshot",
              {{"format", "png"}, {"captureBeyondViewport", extent == Extent::page}});
  return QByteArray::fromBase64(QByteArray::fromStdString(answer.at("data").get<std::string>()))
      .toStdString();
}

std::string Chromium::pdf() {
  const Json answer =
      command("Page.printToPDF", {{"printBackground", false}, {"preferCSSPageSize", true}});
  return QByteArray::fromBase64(QByteArray::fromStdString(answer.at("data").get<std::string>()))
      .toStdString();
}

}  // namespace gridlock
