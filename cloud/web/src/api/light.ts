/** Questions about the light plan of a city. */
import type { Checked, LightPlan, Night, PlanSeen, Release, ReleaseWithPlan } from "../light/types";
import { answer, client } from "./client";

const of = (site: string) => ({ path: { site } });
const one = (site: string, number: number) => ({ path: { site, number } });

// The client's types forget that a pair has two, and that the service leaves no key out.
export const readPlan = (site: string) => answer(client.GET("/api/v1/light/{site}/plan", { params: of(site) })) as Promise<PlanSeen>;
export const putPlan = (site: string, plan: LightPlan, version: number) =>
  answer(client.PUT("/api/v1/light/{site}/plan", { params: of(site), body: { plan, version } })) as Promise<PlanSeen>;
export const checkPlan = (site: string, plan: LightPlan) =>
  answer(client.POST("/api/v1/light/{site}/check", { params: of(site), body: { plan } })) as Promise<Checked>;
export const readGroupLamps = (site: string, group_id: string, offset: number, limit: number) =>
  answer(client.GET("/api/v1/light/{site}/groups/{group_id}/lamps", { params: { path: { site, group_id }, query: { offset, limit } } }));

/** Of the draft as it is saved, or of what was sent last. */
export const readNight = (site: string, night: string, saved: "draft" | "in_force") =>
  answer(client.GET("/api/v1/light/{site}/night", { params: { ...of(site), query: { night, of: saved } } })) as Promise<Night>;
/** Of a plan that is being made: for who may plan. */
export const askNight = (site: string, night: string, plan: LightPlan) =>
  answer(client.POST("/api/v1/light/{site}/night", { params: of(site), body: { night, plan } })) as Promise<Night>;

export const readReleases = (site: string) => answer(client.GET("/api/v1/light/{site}/releases", { params: of(site) })) as Promise<Release[]>;
export const readRelease = (site: string, number: number) =>
  answer(client.GET("/api/v1/light/{site}/releases/{number}", { params: one(site, number) })) as Promise<ReleaseWithPlan>;
/** Proposes the draft, or an older release once more. */
export const proposeRelease = (site: string, reason: string, from: number | null) =>
  answer(client.POST("/api/v1/light/{site}/releases", { params: of(site), body: { reason, from } }));
export const decideRelease = (site: string, number: number, agree: boolean, reason: string | null) =>
  answer(client.POST("/api/v1/light/{site}/releases/{number}/decision", { params: one(site, number), body: { agree, reason } }));
export const sendRelease = (site: string, number: number, confirmation: string) =>
  answer(client.POST("/api/v1/light/{site}/releases/{number}/send", { params: one(site, number), body: { confirmation } }));
