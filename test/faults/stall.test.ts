import { stall } from './scenarios/stall.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(stall);
