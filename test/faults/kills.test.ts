import { kills } from './scenarios/kills.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(kills);
