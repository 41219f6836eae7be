// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace YAML {
class Emitter;
}

namespace gridlock {

/// Writes a scalar that is read back as this very text, with quotes unless it plainly needs none.
void emit_text(YAML::Emitter& out, const std::string& text);

}  // namespace gridlock
