/**
 * What holds for every route, whatever it does. The tours share one world, in this order: the first
 * two prove that they change nothing, the last leaves broken work behind.
 */
import { afterAll } from "vitest";
import { touredWorld } from "./tours/toured-world.ts";
/* oxlint-disable import/no-unassigned-import -- each declares its tests in this file */
import "./tours/every-route.ts";
import "./tours/bad-input.ts";
import "./tours/bodies.ts";
import "./tours/openapi.ts";
import "./tours/unavailable.ts";

afterAll(async () => (await touredWorld()).world.close());
