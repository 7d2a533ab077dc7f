import type { DoctorCheck } from '@mvirt/api/schema';

export const ok = (id: string, title: string, detail: string): DoctorCheck => ({ id, status: 'ok', title, detail, hint: null });

export const warning = (id: string, title: string, detail: string, hint: string | null): DoctorCheck => ({ id, status: 'warning', title, detail, hint });

export const problem = (id: string, title: string, detail: string, hint: string): DoctorCheck => ({ id, status: 'problem', title, detail, hint });
