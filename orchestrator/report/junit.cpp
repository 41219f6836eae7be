// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/junit.h"

#include <fmt/format.h>

#include <QByteArray>
#include <QString>
#include <QXmlStreamWriter>
#include <algorithm>

#include "base/text.h"
#include "report/cases.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestValue = 4000;
constexpr std::size_t kLongestLog = 16 << 10;

/// Printable text as XML takes it: without the two code points that are well-formed UTF-8 and yet
/// no characters of XML 1.0.
QString xml_text(const std::string& text) {
  QString out = QString::fromStdString(text);
  out.replace(QChar(0xfffe), QStringLiteral("\\ufffe"));
  out.replace(QChar(0xffff), QStringLiteral("\\uffff"));
  return out;
}

/// "2026-11-22T22:30:05+00:00": with a numeric zone, as the dialect wants it.
QString time_text(UtcTime time) {
  return QString::fromStdString(rfc3339(time).substr(0, 19) + "+00:00");
}

QString seconds_text(double seconds) {
  return QString::fromStdString(fmt::format("{:.3f}", std::clamp(seconds, 0.0, 1e9)));
}

class Junit {
 public:
  explicit Junit(const RunRecord& run) : run_(run), xml_(&bytes_) {}

  std::string write() {
    xml_.setAutoFormatting(true);
    xml_.setAutoFormattingIndent(1);
    xml_.writeStartDocument();
    xml_.writeStartElement("testsuites");
    for (const CaseGroup& group : cases_of(run_)) suite(group);
    xml_.writeEndElement();
    xml_.writeEndDocument();
    return bytes_.toStdString();
  }

 private:
  void attribute(const char* name, const std::string& value) {
    xml_.writeAttribute(name, xml_text(printable(value, kLongestValue)));
  }

  void suite(const CaseGroup& group) {
    const auto count = [&](auto... results) {
      return std::to_string(
          std::count_if(group.cases.begin(), group.cases.end(),
                        [&](const ResultCase& one) { return ((one.result == results) || ...); }));
    };
    double seconds = 0;
    for (const ResultCase& one : group.cases) seconds += one.seconds;
    xml_.writeStartElement("testsuite");
    attribute("name", run_.topology + " " + group.name);
    attribute("hostname", "gridlock");
    attribute("tests", std::to_string(group.cases.size()));
    attribute("failures", count(CaseResult::failed));
    attribute("errors", count(CaseResult::broken));
    attribute("skipped", count(CaseResult::skipped, CaseResult::known_failure));
    xml_.writeAttribute("time", seconds_text(seconds));
    xml_.writeAttribute("timestamp", time_text(run_.started));
    xml_.writeAttribute("start_timestamp", time_text(run_.started));
    xml_.writeAttribute("report_timestamp", time_text(run_.updated));
    properties(group);
    for (const ResultCase& one : group.cases) testcase(one);
    xml_.writeEndElement();
  }

  void properties(const CaseGroup& group) {
    xml_.writeStartElement("properties");
    property("SECTION", run_.topology);
    property("PLATFORM", fmt::format("gridlock {} {}", run_.accel, run_.host));
    if (group.kernel) {
      property("KERNEL", group.kernel->release);
      property("KERNEL_NAME", group.kernel->name);
      property("KERNEL_KEY", group.kernel->key);
      property("KERNEL_CONFIG", kernel_kind(*group.kernel));
    }
    property("NODES", std::to_string(run_.nodes));
    property("SEED", std::to_string(run_.seed));
    property("RUN", run_.id);
    property("PLAN_HASH", run_.plan_hash);
    property("GRIDLOCK", run_.gridlock_version);
    property("COMMAND", run_.command);
    xml_.writeEndElement();
  }

  void property(const char* name, const std::string& value) {
    xml_.writeEmptyElement("property");
    attribute("name", name);
    attribute("value", value);
  }

  void testcase(const ResultCase& one) {
    xml_.writeStartElement("testcase");
    attribute("classname", "gridlock." + run_.topology);
    attribute("name", one.name);
    xml_.writeAttribute("time", seconds_text(one.seconds));
    switch (one.result) {
      case CaseResult::passed:
        break;
      case CaseResult::skipped:
        outcome("skipped", {}, one.message);
        break;
      case CaseResult::known_failure:
        outcome("skipped", {}, "fails as it may: " + one.message);
        break;
      case CaseResult::failed:
        outcome("failure", one.type, one.message);
        break;
      case CaseResult::broken:
        outcome("error", one.type, one.message);
        break;
    }
    output(one);
    xml_.writeEndElement();
  }

  void outcome(const char* element, const std::string& type, const std::string& message) {
    xml_.writeEmptyElement(element);
    attribute("message", message);
    if (!type.empty()) attribute("type", type);
  }

  /// What the kernel printed stands twice: ordinary readers do not know kernel-log.
  void output(const ResultCase& one) {
    if (!one.trial) {
      if (one.result == CaseResult::passed && !one.message.empty())
        block("system-out", one.message);
      return;
    }
    std::string text;
    for (const WorkloadRecord& workload : one.trial->workloads)
      text += printable(workload.name, 100) + ": " + printable(workload.detail, 1000) + "\n";
    const std::string log = log_of(*one.trial, kLongestLog);
    if (!text.empty() || !log.empty()) block("system-out", text + log);
    if (!log.empty()) block("kernel-log", log);
  }

  /// As CDATA; QXmlStreamWriter splits "]]>" in it.
  void block(const char* element, const std::string& text) {
    xml_.writeStartElement(element);
    xml_.writeCDATA(xml_text(text));
    xml_.writeEndElement();
  }

  const RunRecord& run_;
  QByteArray bytes_;
  QXmlStreamWriter xml_;
};

}  // namespace

std::string junit_xml(const RunRecord& run) { return Junit(run).write(); }

}  // namespace gridlock
