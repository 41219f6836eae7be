// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace gridlock {

/// Which kernel of a pair runs first. What drifts on the host is then in both alike.
enum class PairOrder { base_first, head_first };

/// The orders of `pairs` pairs: as many of one kind as of the other in every block of six (of an
/// odd number one more, drawn), shuffled by `seed`. The first n of a longer list are the list of n
/// only where n is a whole number of blocks, so that a comparison can go on block by block. A seed
/// gives the same list with every compiler and library.
std::vector<PairOrder> pair_orders(int pairs, std::uint64_t seed);

}  // namespace gridlock
