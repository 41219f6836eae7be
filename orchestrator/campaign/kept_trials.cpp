// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/kept_trials.h"

#include <memory>
#include <string>

#include "campaign/pictures.h"
#include "trial/trial.h"

namespace gridlock {

TrialRecord KeptTrials::run(const PlannedTrial& trial, SharedLab* shared,
                            const std::function<void(TrialRecord&)>& complete) const {
  const std::unique_ptr<TrialWriter> writer = book.writer().begin_trial(trial);
  const NodeSource& source = host.source(trial.kernel, trial.start);
  TrialRecord record = run_trial(place.setting(), trial, source, *writer, observer, stop, shared);
  if (complete) complete(record);
  traces.decode(record, book.writer().directory());
  book.writer().finish_trial(record);
  book.record().trials.push_back(record);
  book.save();
  // Last: a run that is being stopped draws nothing, and keeps what the trial came to.
  if (const std::string problem = draw_pictures(writer->directory(), runner, stop);
      !problem.empty())
    progress.note(problem);
  return record;
}

}  // namespace gridlock
