// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/registers_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// As QEMU 7.2 prints the registers of a node whose kernel spins, shortened.
constexpr const char* kRegisters =
    "\r\nCPU#0\r\n"
    "RAX=000000286523c0bb RBX=ffff888005308890 RCX=000000000000001f RDX=0000000000000003\r\n"
    "RSI=000000003d11595f RDI=ffffffffd3d032fc RBP=ffff888005276fe0 RSP=ffff88800759bf90\r\n"
    "R8 =0000000000000004 R9 =0000000000000001 R10=0000000000000001 R11=0000000000000000\r\n"
    "R12=ffffffff8134e6c4 R13=0000000000000246 R14=ffff888005308000 R15=0000000000000002\r\n"
    "RIP=ffffffff81097c91 RFL=00000003 [------C] CPL=0 II=0 A20=1 SMM=0 HLT=0\r\n"
    "ES =0000 0000000000000000 00000000 00000000\r\n"
    "DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000 \r\n"
    "\r\nCPU#1\r\n"
    "RAX=0000000000000000 RBX=0000000000000000 RCX=0000000000000000 RDX=0000000000000000\r\n"
    "RSI=0000000000000000 RDI=0000000000000000 RBP=0000000000000000 RSP=00007ffc8f686d28\r\n"
    "R8 =0000000000000000 R9 =0000000000000000 R10=0000000000000000 R11=0000000000000000\r\n"
    "R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=0000000000000000\r\n"
    "RIP=0000000000565ca0 RFL=00000202 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0\r\n";

constexpr const char* kStack =
    "ffff88800759bf90: 0xffff888005276fe0 0xffffffff8134e6c4\r\n"
    "ffff88800759bfa0: 0x0000000000000001 0xffffffff81001234\r\n"
    "ffff88800759c000: 0x00000000deadbeef 0x0000000000000000\r\n";

TEST(RegistersText, TellsWhereEveryProcessorIs) {
  const auto processors = processors_in(kRegisters);
  ASSERT_EQ(processors.size(), 2u);
  EXPECT_EQ(processors[0].instruction, 0xffffffff81097c91);
  EXPECT_EQ(processors[0].stack_pointer(), 0xffff88800759bf90);
  EXPECT_EQ(processors[0].registers[1], 3u);                      // rdx
  EXPECT_EQ(processors[0].registers[3], 0xffff888005308890);      // rbx
  EXPECT_EQ(processors[0].registers[8], 4u);                      // r8
  EXPECT_EQ(processors[0].registers[15], 2u);                     // r15
  EXPECT_TRUE(processors[0].in_kernel);
  EXPECT_FALSE(processors[1].in_kernel);
  EXPECT_THAT(processors[0].stack, IsEmpty());
}

TEST(RegistersText, AsksForTheStacksOfThoseInTheKernelUpToTheirEnds) {
  EXPECT_THAT(kernel_stack_commands(kRegisters), ElementsAre("x/14gx 0xffff88800759bf90"));
}

TEST(RegistersText, GivesEachProcessorTheWordsOfItsStack) {
  const auto processors = processors_in(std::string(kRegisters) + kStack);
  ASSERT_EQ(processors.size(), 2u);
  EXPECT_EQ(processors[0].stack.size(), 4u);
  EXPECT_EQ(processors[0].stack.at(0xffff88800759bf98), 0xffffffff8134e6c4);
  EXPECT_EQ(processors[0].stack.at(0xffff88800759bfa8), 0xffffffff81001234);
  EXPECT_THAT(processors[1].stack, IsEmpty());
}

TEST(RegistersText, MakesNothingOfWhatIsNotWhole) {
  const std::string text = kRegisters;
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const auto processors = processors_in(text.substr(0, cut));
    EXPECT_LE(processors.size(), 2u);
    for (const StoppedProcessor& processor : processors) EXPECT_NE(processor.instruction, 0u);
  }
  for (const char* const other : {"", "CPU#", "CPU#0\nEAX=00000000 EBX=00000000\nEIP=0000fff0",
                                  "CPU#0\nRAX=x", "ffff: 0x", "ffff: 0xzz 0x1"})
    EXPECT_THAT(processors_in(other), IsEmpty()) << other;
}

}  // namespace
}  // namespace gridlock
