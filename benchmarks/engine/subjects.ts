/** What is measured: the worker's engine behind its service port, and the same service written by hand. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NODE } from "../gateway/machine.ts";
import type { Workplace } from "../gateway/workplace.ts";
import type { EngineCase } from "./cases.ts";

export interface SubjectPlace {
  readonly workplace: Workplace;
  /** Absolute address of the backend's answers. */
  readonly backend: string;
  readonly port: number;
  /** A folder of its own. */
  readonly home: string;
}

export interface Subject {
  readonly name: string;
  /** The command that runs it in the foreground. */
  prepare(measured: EngineCase, place: SubjectPlace): readonly string[];
}

export const WORKER_NAME = "bascule";
export const SERVICE_NAME = "fastify + undici";

const PROGRAMS = join(import.meta.dirname, "programs");

function tlsArguments(measured: EngineCase, workplace: Workplace): readonly string[] {
  const { certificateFile, keyFile, authorityFile } = workplace;
  return measured.tls ? [certificateFile, keyFile, authorityFile] : ["-", "-", "-"];
}

export const SUBJECTS: readonly Subject[] = [
  {
    name: WORKER_NAME,
    prepare(measured, { workplace, backend, port, home }) {
      mkdirSync(home, { recursive: true });
      const file = join(home, "synapse.xml");
      const artifacts = measured.artifacts(backend);
      writeFileSync(
        file,
        `<definitions xmlns="http://ws.apache.org/ns/synapse">${artifacts}</definitions>`,
      );
      const tls = tlsArguments(measured, workplace);
      return [NODE, join(PROGRAMS, "engine-worker.ts"), String(port), file, ...tls];
    },
  },
  {
    name: SERVICE_NAME,
    prepare(measured, { workplace, backend, port, home }) {
      mkdirSync(home, { recursive: true });
      const tls = tlsArguments(measured, workplace);
      const program = join(PROGRAMS, "fastify-service.ts");
      return [NODE, program, String(port), backend, measured.kind, ...tls];
    },
  },
];
