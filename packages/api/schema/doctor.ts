import { z } from 'zod';

export const checkStatuses = ['ok', 'warning', 'problem'] as const;

/** One thing that doctor looked at. problem: VMs cannot run, or not as asked; warning: something is slower or missing. */
export const doctorCheckSchema = z.object({
  /** Stable, such as "hypervisor.qemu" or "program.ip". */
  id: z.string(),
  status: z.enum(checkStatuses),
  title: z.string(),
  /** What was found; several lines where there is more to say. */
  detail: z.string(),
  /** How to mend it; null: nothing to mend. */
  hint: z.string().nullable(),
});

export type DoctorCheck = z.output<typeof doctorCheckSchema>;

/** ok: no check is a problem. */
export const doctorReportSchema = z.object({ ok: z.boolean(), checks: z.array(doctorCheckSchema) });
export type DoctorReport = z.output<typeof doctorReportSchema>;
