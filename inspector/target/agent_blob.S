/* SPDX-License-Identifier: MIT */
/*
 * The bytes of the agent as the build made it, found in the build directory
 * (the assembler runs at its top).
 */
	.section .rodata
	.balign 16
	.globl target_agent_blob
	.hidden target_agent_blob
	.type target_agent_blob, %object
target_agent_blob:
	.incbin "inspector/target/agent.bin"
target_agent_blob_end:
	.globl target_agent_blob_end
	.hidden target_agent_blob_end
	.byte 0
	.size target_agent_blob, . - target_agent_blob
	.section .note.GNU-stack, "", %progbits
