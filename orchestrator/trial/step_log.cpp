// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/step_log.h"

namespace gridlock {

void StepLog::step(const std::string& name, const std::function<void()>& body) {
  record_.steps.push_back({name, now_(), 0, {}});
  current_ = name;
  observer_.step(name);
  writer_.event(now_(), "", "step", Json{{"step", name}});
  const std::size_t index = record_.steps.size() - 1;
  try {
    body();
  } catch (const Error& error) {
    record_.steps[index].problem = error.what();
    record_.steps[index].end = now_();
    throw;
  }
  record_.steps[index].end = now_();
}

void StepLog::attempt(const std::string& name, Course& course, const std::function<void()>& body) {
  try {
    step(name, body);
  } catch (const Cancelled& cancelled) {
    if (course.interrupted.empty()) course.interrupted = cancelled.what();
  } catch (const Error& error) {
    writer_.event(now_(), "", "problem", Json{{"step", name}, {"what", error.what()}});
  }
}

}  // namespace gridlock
