import { crowd } from './scenarios/crowd.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(crowd);
